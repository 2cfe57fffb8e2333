import { expect, test } from "vitest";
import { rehearsedOf } from "./rehearsed.ts";

test("The project at the root is rehearsed with dev and prod, whatever the repository has beside them", () => {
  const ofRoot = [
    "infra/Pulumi.yaml",
    "infra/Pulumi.dev.yaml",
    "infra/Pulumi.prod.yaml",
    "workers/shop/wrangler.jsonc",
    ".github/workflows/deploy-dev.yml",
    ".github/workflows/release-prod.yml",
    ".github/workflows/deploy-docs-dev.yml",
  ];
  const others = [
    "infra/Pulumi.staging.yaml",
    "projects/shop/infra/Pulumi.yaml",
    "projects/shop/infra/Pulumi.shop-dev.yaml",
    ".github/workflows/deploy-shop-dev.yml",
    ".github/workflows/release-shop-prod.yml",
  ];
  expect(rehearsedOf([...ofRoot, ...others])).toEqual(ofRoot);
});
