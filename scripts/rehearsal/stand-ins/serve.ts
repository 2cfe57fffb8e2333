import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type { ProviderDefinition } from "./provider/resource.ts";
import { providerService } from "./provider/service.ts";
import type { PackageName } from "./schema.ts";

/** A provider that listens on 127.0.0.1. */
export interface ServedProvider {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves one package's provider on a free port of 127.0.0.1. `defaults` are settings by the provider's own names
 * (`token`, `endpoint`, `apiToken`, `baseUrl`); `env` is where the real plugin would look for those that nobody gave.
 */
export async function serveProvider(
  name: PackageName,
  settings: { defaults: ReadonlyMap<string, string>; env: NodeJS.ProcessEnv },
): Promise<ServedProvider> {
  const service = await serviceOf(name, settings);
  // Plans of big stacks are larger than the 4 MB that gRPC takes by default.
  const server = new Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  server.addService(ResourceProviderService, service);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    port,
    close: async () => server.forceShutdown(),
  };
}

/** Imports only the package that is asked for: a plugin process serves one, and its start is waited for. */
async function serviceOf(
  name: PackageName,
  settings: Parameters<typeof serveProvider>[1],
): Promise<IResourceProviderServer> {
  const make = <Client>(definition: ProviderDefinition<Client>) => providerService(definition, settings);
  switch (name) {
    case "hcloud":
      return make((await import("./hcloud/provider.ts")).hcloud);
    case "cloudflare":
      return make((await import("./cloudflare/provider.ts")).cloudflare);
    case "tls":
      return make((await import("./tls/provider.ts")).tls);
  }
}
