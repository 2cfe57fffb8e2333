import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import statuspb from "@pulumi/pulumi/proto/status_pb.js";
import anypb from "google-protobuf/google/protobuf/any_pb.js";
import { encode, type PropertyMap } from "./property.ts";

/** The answer for a call that failed and left nothing behind. */
export function failed(message: string, code: status = status.UNKNOWN): Partial<ServiceError> {
  return { code, details: message, message };
}

/**
 * The answer for a resource that exists but is not what it should be. The engine keeps it in the state with the
 * reasons, and the next update tries to bring it to its inputs
 * (https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/providers/implementers-guide.html).
 */
export function initFailed(
  message: string,
  partial: { id: string; outputs: PropertyMap; inputs: PropertyMap; secrets: boolean },
): Partial<ServiceError> {
  const detail = new providerpb.ErrorResourceInitFailed();
  detail.setId(partial.id);
  detail.setProperties(encode(partial.outputs, { secrets: partial.secrets }));
  detail.setInputs(encode(partial.inputs, { secrets: partial.secrets }));
  detail.setReasonsList([message]);
  const packed = new anypb.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rich = new statuspb.Status();
  rich.setCode(status.UNKNOWN);
  rich.setMessage(message);
  rich.addDetails(packed);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(rich.serializeBinary()));
  return { code: status.UNKNOWN, details: message, message, metadata };
}
