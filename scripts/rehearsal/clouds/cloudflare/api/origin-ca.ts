import type { Hono } from "hono";
import { z } from "zod";
import { x509Library } from "../../../x509.ts";
import { type Authority, openAuthority, signServer } from "../edge/certificates.ts";
import { ApiError, body, ok, page, param } from "../envelope.ts";
import type { OriginCertificate } from "../model.ts";
import type { CloudState } from "../state.ts";

/** Days that a certificate may be asked for. */
const VALIDITIES = [7, 30, 90, 365, 730, 1095, 5475];
const Input = z.object({
  csr: z.string(),
  hostnames: z.array(z.string()).min(1),
  request_type: z.enum(["origin-rsa", "origin-ecc", "keyless-certificate"]).default("origin-rsa"),
  requested_validity: z.coerce.number().default(5475),
});

/** Origin CA certificates (https://developers.cloudflare.com/api/resources/origin_ca_certificates/), signed for real. */
export function originCa(api: Hono, state: CloudState): void {
  let authority: Promise<Authority> | undefined;
  const sign = async (input: z.infer<typeof Input>, notAfter: Date): Promise<string> => {
    const x509 = await x509Library();
    authority ??= openAuthority(
      state.world,
      "origin-ca",
      "C=US, O=CloudFlare\\, Inc., OU=CloudFlare Origin SSL Certificate Authority, L=San Francisco, ST=California",
    );
    let request: InstanceType<typeof x509.Pkcs10CertificateRequest>;
    try {
      request = new x509.Pkcs10CertificateRequest(input.csr);
    } catch {
      throw new ApiError(400, 1005, "Failed to parse the certificate signing request.");
    }
    if (!(await request.verify()))
      throw new ApiError(400, 1005, "The certificate signing request's signature is not valid.");
    const algorithm = request.publicKey.algorithm.name.startsWith("RSA") ? "origin-rsa" : "origin-ecc";
    if (algorithm !== input.request_type)
      throw new ApiError(
        400,
        1010,
        `The request type ${input.request_type} does not fit the key of the request.`,
      );
    const certificate = await signServer(await authority, {
      hostnames: input.hostnames,
      publicKey: request.publicKey,
      subject: "O=CloudFlare\\, Inc., OU=CloudFlare Origin CA, CN=CloudFlare Origin Certificate",
      notBefore: state.now(),
      notAfter,
    });
    return `${certificate.toString("pem")}\n`;
  };
  const found = (id: string): OriginCertificate => {
    const certificate = state.certificates.get(id);
    if (!certificate) throw new ApiError(404, 1101, "Certificate not found");
    return certificate;
  };

  api.get("/certificates", (c) => {
    const zone = state.zone(c.req.query("zone_id") ?? "");
    return page(
      c,
      state.certificates
        .list()
        .filter(
          ({ revoked_at, hostnames }) => !revoked_at && hostnames.some((name) => name.endsWith(zone.name)),
        ),
    );
  });
  api.post("/certificates", async (c) => {
    const input = await body(c, Input, 1004);
    for (const hostname of input.hostnames)
      if (!state.zoneOf(hostname.replace(/^\*\./, "")))
        throw new ApiError(
          400,
          1010,
          `This zone is either not part of your account, or you do not have access to it: ${hostname}`,
        );
    if (!VALIDITIES.includes(input.requested_validity))
      throw new ApiError(400, 1016, `Invalid validity: must be one of ${VALIDITIES.join(", ")} days.`);
    const notAfter = new Date(state.now().getTime() + input.requested_validity * 24 * 3600 * 1000);
    const certificate = await sign(input, notAfter);
    // Real ids are long decimal numbers.
    const id = `${state.store.next("origin-certificate", 1)}${"0".repeat(40)}`.padStart(47, "7").slice(0, 47);
    return ok(
      c,
      state.certificates.put(id, {
        id,
        certificate,
        csr: input.csr,
        hostnames: input.hostnames,
        request_type: input.request_type,
        requested_validity: input.requested_validity,
        expires_on: notAfter.toISOString(),
      }),
    );
  });
  api.get("/certificates/:id", (c) => ok(c, found(param(c, "id"))));
  api.delete("/certificates/:id", (c) => {
    const certificate = found(param(c, "id"));
    const revoked_at = state.timestamp();
    state.certificates.delete(certificate.id);
    return ok(c, { id: certificate.id, revoked_at });
  });
}
