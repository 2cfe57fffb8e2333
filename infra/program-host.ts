import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { Server, ServerCredentials, type UntypedHandleCall } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";

/** What `@pulumi/pulumi/cmd/run` exits with after it has told the user what is wrong. */
const ALREADY_TOLD = 32;

export interface ProgramHost {
  /** For the engine's `--client`. */
  address: string;
  close(): void;
}

/**
 * The smallest program host: does what `pulumi-language-nodejs` does when the engine says "run" (a Node process on
 * `@pulumi/pulumi/cmd/run`, configuration in the environment) and nothing else, for machines that don't have it.
 * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/pulumi-language-nodejs/main.go
 */
export async function startProgramHost(): Promise<ProgramHost> {
  const server = new Server();
  server.addService(LanguageRuntimeService, {
    handshake: answer(() => new language.LanguageHandshakeResponse()),
    getPluginInfo: answer(() => new plugin.PluginInfo().setVersion("1.0.0")),
    getRequiredPlugins: answer(() => new language.GetRequiredPluginsResponse()),
    getRequiredPackages: answer(() => new language.GetRequiredPackagesResponse()),
    run: answer(run),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

function answer<Request, Response>(
  respond: (request: Request) => Response | Promise<Response>,
): UntypedHandleCall {
  return async (
    call: { request: Request },
    callback: (error: Error | null, response?: Response) => void,
  ): Promise<void> => {
    try {
      callback(null, await respond(call.request));
    } catch (error) {
      callback(error as Error);
    }
  };
}

async function run(request: language.RunRequest): Promise<language.RunResponse> {
  const info = request.getInfo();
  const [engine = ""] = request.getArgsList();
  const flags = {
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info?.getRootDirectory() ?? "",
    stack: request.getStack(),
    pwd: info?.getProgramDirectory() ?? request.getPwd(),
    parallel: String(request.getParallel()),
    monitor: request.getMonitorAddress(),
    engine,
  };
  const child = spawn(
    process.execPath,
    [
      createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run"),
      ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      info?.getEntryPoint() ?? request.getProgram(),
    ],
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      },
    },
  );
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const response = new language.RunResponse();
  if (code === ALREADY_TOLD) response.setBail(true);
  else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${code}`);
  return response;
}
