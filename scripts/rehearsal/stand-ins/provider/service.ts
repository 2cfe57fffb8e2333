import { type ServerUnaryCall, status } from "@grpc/grpc-js";
import pluginpb from "@pulumi/pulumi/proto/plugin_pb.js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import type { ResourceSchema } from "../schema.ts";
import { check } from "./check.ts";
import { diff } from "./diff.ts";
import { equal, keysOf } from "./equal.ts";
import { answer, failed, InitFailed, onAbandoned, ProtocolError, text, unimplemented } from "./failure.ts";
import { autoNameOf, DIFF_NONE, DIFF_SOME, diffResponse, failureMessage } from "./messages.ts";
import { minimalSchema } from "./package-schema.ts";
import { inputsOf, plannedCreate, plannedUpdate, sealed } from "./plan.ts";
import { decode, encode, hasUnknown, revealMap } from "./property.ts";
import type { Known, Live, ProviderDefinition, ResourceKind } from "./resource.ts";
import { Sessions, type Settings } from "./sessions.ts";

/**
 * Pulumi's provider protocol for one package
 * (https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto).
 *
 * One service may serve several engines at a time, as PULUMI_DEBUG_PROVIDERS makes them share it. An engine opens one
 * connection for each provider instance, so configuration, client and cancellation are kept by connection.
 * `defaults` are used for what neither the engine's configuration nor the environment in `env` says.
 */
export function providerService<Client>(
  definition: ProviderDefinition<Client>,
  settings: Settings,
): IResourceProviderServer {
  const { schema } = definition;
  const sessions = new Sessions(definition, settings);

  /** A plugin dies with its engine, and so does what it has begun: no further call is started for an engine that is gone. */
  const sessionOf = (call: Pick<ServerUnaryCall<unknown, unknown>, "getPeer" | "on">) => {
    const peer = call.getPeer();
    onAbandoned(call, () => sessions.cancel(peer));
    return sessions.of(peer);
  };

  const resource = (urn: string): Target<Client> => {
    const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const facts = schema.resources.get(token);
    const kind = definition.resources[token];
    if (!facts || !kind) {
      throw new ProtocolError(
        status.UNIMPLEMENTED,
        `the ${schema.name} stand-in has no resource ${token}; it has ${Object.keys(definition.resources).join(", ")}`,
      );
    }
    return { schema: facts, kind, name: urn.split("::").slice(3).join("::"), token };
  };

  return {
    handshake: answer((_request: providerpb.ProviderHandshakeRequest) => {
      const response = new providerpb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    getPluginInfo: answer((_request: emptypb.Empty) => {
      const info = new pluginpb.PluginInfo();
      info.setVersion(schema.version);
      return info;
    }),
    attach: answer((_request: pluginpb.PluginAttach) => new emptypb.Empty()),
    getSchema: answer((_request: providerpb.GetSchemaRequest) => {
      const response = new providerpb.GetSchemaResponse();
      response.setSchema(JSON.stringify(minimalSchema(definition)));
      return response;
    }),
    checkConfig: answer((request: providerpb.CheckRequest) => {
      const response = new providerpb.CheckResponse();
      const news = decode(request.getNews());
      for (const key of Object.keys(news)) {
        if (schema.config[key] || key === "version" || key === "pluginDownloadURL") continue;
        response.addFailures(
          failureMessage({ property: key, reason: `unsupported setting of ${schema.name}` }),
        );
      }
      response.setInputs(encode(news, { secrets: true }));
      return response;
    }),
    diffConfig: answer((request: providerpb.DiffRequest) => {
      const [olds, news] = [decode(request.getOldInputs() ?? request.getOlds()), decode(request.getNews())];
      const changed = keysOf(olds, news).filter((key) => {
        const [before, after] = [olds[key], news[key]];
        return before === undefined || after === undefined || !equal({ kind: "any" }, before, after);
      });
      const response = new providerpb.DiffResponse();
      response.setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
      response.setDiffsList(changed);
      return response;
    }),
    configure: answer((request: providerpb.ConfigureRequest, call) => {
      sessions.configure(call.getPeer(), request);
      const response = new providerpb.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    cancel: answer((_request: emptypb.Empty, call) => {
      sessions.cancel(call.getPeer());
      return new emptypb.Empty();
    }),

    check: answer((request: providerpb.CheckRequest) => {
      const target = resource(request.getUrn());
      const result = check(
        target.schema,
        decode(request.getNews()),
        decode(request.getOlds()),
        autoNameOf(request, target.name),
      );
      const response = new providerpb.CheckResponse();
      response.setInputs(encode(result.inputs, { secrets: true }));
      response.setFailuresList(result.failures.map(failureMessage));
      return response;
    }),
    diff: answer((request: providerpb.DiffRequest) => {
      const target = resource(request.getUrn());
      const outputs = decode(request.getOlds());
      const found = diff(
        target.schema,
        { outputs, inputs: request.hasOldInputs() ? decode(request.getOldInputs()) : outputs },
        decode(request.getNews()),
        request.getIgnorechangesList(),
      );
      return diffResponse(found);
    }),

    create: answer(async (request: providerpb.CreateRequest, call) => {
      const target = resource(request.getUrn());
      const inputs = decode(request.getProperties());
      const response = new providerpb.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(encode(plannedCreate(target.schema, inputs), { secrets: true }));
        return response;
      }
      const { client, secrets } = sessionOf(call);
      const doing = `creating ${describe(target)}`;
      if (hasUnknown(inputs)) throw new Error(`${doing}: an input is not known yet`);
      let id: string | undefined;
      try {
        const live = await target.kind.create(client, {
          inputs: revealMap(inputs),
          created: (made) => {
            id = made;
          },
        });
        response.setId(live.id);
        response.setProperties(encode(sealed(target.schema, live.outputs, inputs), { secrets }));
        return response;
      } catch (error) {
        const message = `${doing} failed: ${text(error)}`;
        if (id === undefined) throw new Error(message, { cause: error });
        const known = { id, inputs: revealMap(inputs), outputs: {} };
        const live = await lastWord(target.kind, client, known);
        const outputs = sealed(target.schema, live?.outputs ?? known.inputs, inputs);
        throw new InitFailed(message, { id: live?.id ?? id, outputs, inputs, secrets });
      }
    }),

    read: answer(async (request: providerpb.ReadRequest, call) => {
      const target = resource(request.getUrn());
      const { client, secrets } = sessionOf(call);
      const [inputs, state] = [decode(request.getInputs()), decode(request.getProperties())];
      const known = { id: request.getId(), inputs: revealMap(inputs), outputs: revealMap(state) };
      const response = new providerpb.ReadResponse();
      const live = await orExplain(`reading ${describe(target)} (id ${known.id})`, () =>
        target.kind.read(client, known),
      );
      // An answer without an id tells the engine that the resource is gone.
      if (!live) return response;
      response.setId(live.id);
      response.setProperties(encode(sealed(target.schema, live.outputs, state, inputs), { secrets }));
      response.setInputs(
        encode(sealed(target.schema, inputsOf(target.schema, live.outputs, inputs)), { secrets }),
      );
      return response;
    }),

    update: answer(async (request: providerpb.UpdateRequest, call) => {
      const target = resource(request.getUrn());
      const olds = decode(request.getOlds());
      const oldInputs = decode(request.getOldInputs());
      const inputs = decode(request.getNews());
      const response = new providerpb.UpdateResponse();
      if (request.getPreview()) {
        response.setProperties(encode(plannedUpdate(target.schema, olds, inputs), { secrets: true }));
        return response;
      }
      const { client, secrets } = sessionOf(call);
      const doing = `updating ${describe(target)} (id ${request.getId()})`;
      if (hasUnknown(inputs)) throw new Error(`${doing}: an input is not known yet`);
      if (!target.kind.update) throw new Error(`${doing}: the API has no call for it`);
      const known = { id: request.getId(), inputs: revealMap(oldInputs), outputs: revealMap(olds) };
      try {
        const live = await target.kind.update(client, { id: known.id, inputs: revealMap(inputs), known });
        response.setProperties(encode(sealed(target.schema, live.outputs, inputs), { secrets }));
        return response;
      } catch (error) {
        const message = `${doing} failed: ${text(error)}`;
        const live = await lastWord(target.kind, client, known);
        if (!live) throw new Error(message, { cause: error });
        // What is live now, seen through the old inputs: the next update finds what is still to be done.
        throw new InitFailed(message, {
          id: known.id,
          outputs: sealed(target.schema, live.outputs, olds, inputs),
          inputs: sealed(target.schema, inputsOf(target.schema, live.outputs, oldInputs)),
          secrets,
        });
      }
    }),

    delete: answer(async (request: providerpb.DeleteRequest, call) => {
      const target = resource(request.getUrn());
      const { client } = sessionOf(call);
      const known = {
        id: request.getId(),
        inputs: revealMap(decode(request.getOldInputs())),
        outputs: revealMap(decode(request.getProperties())),
      };
      await orExplain(`deleting ${describe(target)} (id ${known.id})`, () =>
        target.kind.delete(client, known),
      );
      return new emptypb.Empty();
    }),

    invoke: answer(async (request: providerpb.InvokeRequest, call) => {
      const token = request.getTok();
      const run = definition.functions[token];
      if (!run) {
        throw new ProtocolError(
          status.UNIMPLEMENTED,
          `the ${schema.name} stand-in has no function ${token}; it has ${Object.keys(definition.functions).join(", ")}`,
        );
      }
      const { client, secrets } = sessionOf(call);
      const args = revealMap(decode(request.getArgs()));
      const response = new providerpb.InvokeResponse();
      response.setReturn(encode(await orExplain(`calling ${token}`, () => run(client, args)), { secrets }));
      return response;
    }),

    parameterize: unimplemented("parameterize"),
    call: unimplemented("call"),
    construct: unimplemented("construct"),
    getMapping: unimplemented("getMapping"),
    getMappings: unimplemented("getMappings"),
    list: (call) => {
      call.emit("error", failed("the stand-ins do not list resources", status.UNIMPLEMENTED));
    },
  };
}

interface Target<Client> {
  schema: ResourceSchema;
  kind: ResourceKind<Client>;
  name: string;
  token: string;
}

/** What the cloud says after a failure, best effort: the failure itself is what the person must hear of. */
async function lastWord<Client>(
  kind: ResourceKind<Client>,
  client: Client,
  known: Known,
): Promise<Live | undefined> {
  try {
    return await kind.read(client, known);
  } catch {
    return undefined;
  }
}

async function orExplain<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${doing} failed: ${text(error)}`, { cause: error });
  }
}

function describe(target: { token: string; name: string }): string {
  return `${target.token.split(":").at(-1)} "${target.name}"`;
}
