import { createRequire, Module } from "node:module";

/**
 * Lets the Pulumi SDK load npm's installer when it asks for it, and not at its own start. It packs the modules of a cloud
 * callback with it, which nothing here does, and loading it is half of the SDK's start: 0.16 s of a core in every process.
 */
export function deferInstaller(): void {
  const sdk = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));
  const file = sdk.resolve("@npmcli/arborist");
  if (sdk.cache[file]) return;
  const deferred = new Module(file);
  deferred.loaded = true;
  deferred.exports = {
    // Or the SDK would copy what is there, and load all of it.
    __esModule: true,
    get Arborist() {
      if (sdk.cache[file] === deferred) delete sdk.cache[file];
      return sdk(file).Arborist;
    },
  };
  sdk.cache[file] = deferred;
}
