import { createHash } from "node:crypto";
import { z } from "zod";
import { x509Library } from "../../x509.ts";
import type { ResourceKind } from "../provider/resource.ts";
import { fromState } from "./state.ts";
import { alternativeNames, distinguishedName, Names, signer } from "./x509.ts";

const Inputs = Names.extend({ privateKeyPem: z.string() });

/** https://www.pulumi.com/registry/packages/tls/api-docs/certrequest/ */
export const certRequest: ResourceKind<undefined> = {
  async create(_client, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const { algorithm, keys, signingAlgorithm } = await signer(inputs.privateKeyPem);
    const { Pkcs10CertificateRequestGenerator } = await x509Library();
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: distinguishedName(inputs.subject),
      keys,
      signingAlgorithm,
      extensions: await alternativeNames(inputs),
    });
    return {
      id: createHash("sha1").update(new Uint8Array(request.rawData)).digest("hex"),
      outputs: {
        ...creation.inputs,
        certRequestPem: `${request.toString("pem").trim()}\n`,
        keyAlgorithm: algorithm,
      },
    };
  },
  ...fromState,
};
