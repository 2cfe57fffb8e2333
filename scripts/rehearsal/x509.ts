import { webcrypto } from "node:crypto";
import type * as X509 from "@peculiar/x509";

/** The X.509 library, loaded when first needed (it costs about 100 ms), with the metadata API that it asks for. */
export async function x509Library(): Promise<typeof X509> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto as unknown as typeof globalThis.crypto);
  return x509;
}
