import { buildGoPackage } from "../go-package.mjs";

const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/**
 * Builds the engine from the Go module that scripts/toolchain/engine/go.mod and go.sum pin. The engine alone: the language
 * hosts of the official download are not to be had this way, and the pipeline's inline programs need none.
 *
 * @param {object} what
 * @param {string} what.root the repository
 * @param {string} what.version
 * @param {string} what.binary where the engine is to be written
 * @param {(pid: number) => void} what.onStart
 * @param {import("../progress.mjs").Step} what.step
 * @returns {Promise<{ problem?: string, output?: string }>}
 */
export function buildEngine({ version, ...where }) {
  return buildGoPackage({
    ...where,
    version,
    module: "scripts/toolchain/engine",
    name: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    pinned: "github.com/pulumi/pulumi/pkg/v3",
    ldflags: `-s -w -X ${VERSION_VARIABLE}=v${version}`,
    expected: "5 to 10 min on two cores, only this once",
  });
}
