import { type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import pluginpb from "@pulumi/pulumi/proto/plugin_pb.js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import { z } from "zod";
import type { ResourceSchema } from "../schema.ts";
import type { AutoName } from "./auto-name.ts";
import { check } from "./check.ts";
import { type Difference, diff, type PropertyDifference } from "./diff.ts";
import { equal, keysOf } from "./equal.ts";
import { failed, initFailed } from "./failure.ts";
import { inputsOf, plannedCreate, plannedUpdate, sealed } from "./plan.ts";
import { decode, encode, hasUnknown, type PropertyMap, revealMap } from "./property.ts";
import type { Live, ProviderDefinition, ResourceKind } from "./resource.ts";

/** What one engine connection configured. */
interface Session<Client> {
  client: Client;
  /** The engine can take secrets apart from plain values. */
  secrets: boolean;
  cancel: AbortController;
  /** To see whether two connections were configured alike. */
  fingerprint: string;
}

/** An error of the protocol itself, with its gRPC code. */
class ProtocolError extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

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
  settings: { defaults: ReadonlyMap<string, string>; env: NodeJS.ProcessEnv },
): IResourceProviderServer {
  const { schema } = definition;
  const sessions = new Map<string, Session<Client>>();

  const session = (peer: string): Session<Client> => {
    const own = sessions.get(peer);
    if (own) return own;
    // A connection that was idle for long comes back under another port.
    const others = [...sessions.values()];
    const latest = others.at(-1);
    if (latest && others.every((other) => other.fingerprint === latest.fingerprint)) return latest;
    throw new ProtocolError(
      status.FAILED_PRECONDITION,
      `the ${schema.name} stand-in got a call on a connection that was not configured`,
    );
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
        response.addFailures(failure({ property: key, reason: `unsupported setting of ${schema.name}` }));
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
      const config = configuration(request, settings, schema.config);
      const cancel = new AbortController();
      sessions.delete(call.getPeer());
      sessions.set(call.getPeer(), {
        client: definition.connect(config, cancel.signal),
        secrets: request.getAcceptsecrets(),
        cancel,
        fingerprint: JSON.stringify([...config].sort()),
      });
      const response = new providerpb.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    cancel: answer((_request: emptypb.Empty, call) => {
      sessions.get(call.getPeer())?.cancel.abort();
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
      response.setFailuresList(result.failures.map(failure));
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
      const { client, secrets } = session(call.getPeer());
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
        throw new Partial(message, { id: live?.id ?? id, outputs, inputs, secrets });
      }
    }),

    read: answer(async (request: providerpb.ReadRequest, call) => {
      const target = resource(request.getUrn());
      const { client, secrets } = session(call.getPeer());
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
      const { client, secrets } = session(call.getPeer());
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
        throw new Partial(message, {
          id: known.id,
          outputs: sealed(target.schema, live.outputs, olds, inputs),
          inputs: sealed(target.schema, inputsOf(target.schema, live.outputs, oldInputs)),
          secrets,
        });
      }
    }),

    delete: answer(async (request: providerpb.DeleteRequest, call) => {
      const target = resource(request.getUrn());
      const { client } = session(call.getPeer());
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
      const { client, secrets } = session(call.getPeer());
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

/** Thrown where a resource exists and is not as it should be. */
class Partial extends Error {
  readonly partial: Parameters<typeof initFailed>[1];
  constructor(message: string, partial: Parameters<typeof initFailed>[1]) {
    super(message);
    this.partial = partial;
  }
}

const { DIFF_NONE, DIFF_SOME } = providerpb.DiffResponse.DiffChanges;

/** Turns a plain function into a gRPC handler, and what it throws into the answer that the engine understands. */
function answer<Request, Response>(
  handle: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
): (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => void {
  return async (call, callback) => {
    try {
      callback(null, await handle(call.request, call));
    } catch (error) {
      if (error instanceof Partial) callback(initFailed(error.message, error.partial));
      else if (error instanceof ProtocolError) callback(failed(error.message, error.code));
      else callback(failed(text(error)));
    }
  };
}

function unimplemented(method: string) {
  return (_call: unknown, callback: (error: ReturnType<typeof failed>) => void): void =>
    callback(failed(`the stand-ins have no ${method}`, status.UNIMPLEMENTED));
}

/** What the cloud says after a failure, best effort: the failure itself is what the person must hear of. */
async function lastWord<Client>(
  kind: ResourceKind<Client>,
  client: Client,
  known: { id: string; inputs: PropertyMap; outputs: PropertyMap },
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

function text(error: unknown): string {
  if (error instanceof z.ZodError)
    return `an answer of the cloud has another form than expected\n${z.prettifyError(error)}`;
  return error instanceof Error ? error.message : String(error);
}

function describe(target: { token: string; name: string }): string {
  return `${target.token.split(":").at(-1)} "${target.name}"`;
}

/** The provider's settings: what the engine sends, else the environment as the real plugin reads it, else the defaults. */
function configuration(
  request: providerpb.ConfigureRequest,
  settings: { defaults: ReadonlyMap<string, string>; env: NodeJS.ProcessEnv },
  known: Record<string, { env: string[] }>,
): Map<string, string> {
  const sent = revealMap(decode(request.getArgs()));
  const config = new Map<string, string>();
  for (const [key, { env }] of Object.entries(known)) {
    const given = sent[key];
    const value =
      (typeof given === "string" && given !== "" ? given : undefined) ??
      env.map((name) => settings.env[name]).find((found) => found !== undefined && found !== "") ??
      settings.defaults.get(key);
    if (value !== undefined) config.set(key, value);
  }
  return config;
}

function autoNameOf(request: providerpb.CheckRequest, name: string): AutoName {
  const { Mode } = providerpb.CheckRequest.AutonamingOptions;
  const options = request.getAutonaming();
  const auto: AutoName = { logicalName: request.getName() || name, seed: request.getRandomseed_asU8() };
  if (!options) return auto;
  const mode = { [Mode.PROPOSE]: "propose", [Mode.ENFORCE]: "enforce", [Mode.DISABLE]: "disable" } as const;
  return { ...auto, configured: { mode: mode[options.getMode()], name: options.getProposedName() } };
}

function failure(found: { property: string; reason: string }): providerpb.CheckFailure {
  const message = new providerpb.CheckFailure();
  message.setProperty(found.property);
  message.setReason(found.reason);
  return message;
}

function diffResponse(found: Difference): providerpb.DiffResponse {
  const response = new providerpb.DiffResponse();
  response.setChanges(found.details.size > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(found.changed);
  response.setReplacesList(found.replaces);
  response.setStablesList(found.stables);
  response.setDeletebeforereplace(found.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  for (const [path, detail] of found.details) {
    const message = new providerpb.PropertyDiff();
    message.setKind(kindOf(detail));
    message.setInputdiff(detail.fromInput);
    response.getDetaileddiffMap().set(path, message);
  }
  return response;
}

function kindOf(detail: PropertyDifference): providerpb.PropertyDiff.Kind {
  const { Kind } = providerpb.PropertyDiff;
  switch (detail.kind) {
    case "add":
      return detail.replaces ? Kind.ADD_REPLACE : Kind.ADD;
    case "update":
      return detail.replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
    case "delete":
      return detail.replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
  }
}

/** Enough of a package schema (https://www.pulumi.com/docs/iac/extending-pulumi/schema/) to see what is there. */
function minimalSchema<Client>(definition: ProviderDefinition<Client>): object {
  const { schema } = definition;
  return {
    name: schema.name,
    version: schema.version,
    resources: Object.fromEntries(
      [...schema.resources.values()].map((resource) => {
        const all = Object.entries(resource.properties);
        const open = ([key, property]: (typeof all)[number]) => [
          key,
          {
            $ref: "pulumi.json#/Any",
            secret: property.secret || undefined,
            willReplaceOnChanges: property.replace || undefined,
          },
        ];
        const inputs = all.filter(([, property]) => property.input);
        return [
          resource.token,
          {
            properties: Object.fromEntries(all.map(open)),
            inputProperties: Object.fromEntries(inputs.map(open)),
            requiredInputs: inputs.filter(([, property]) => property.required).map(([key]) => key),
          },
        ];
      }),
    ),
    functions: Object.fromEntries(Object.keys(definition.functions).map((token) => [token, {}])),
  };
}
