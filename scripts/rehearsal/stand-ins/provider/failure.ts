import { Metadata, type ServerUnaryCall, type ServiceError, type sendUnaryData, status } from "@grpc/grpc-js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import statuspb from "@pulumi/pulumi/proto/status_pb.js";
import anypb from "google-protobuf/google/protobuf/any_pb.js";
import { z } from "zod";
import { encode, type PropertyMap } from "./property.ts";

/** A resource that exists, as far as it came. */
export interface PartialResource {
  id: string;
  outputs: PropertyMap;
  inputs: PropertyMap;
  /** The engine takes secrets apart from plain values. */
  secrets: boolean;
}

/** Thrown where a resource exists and is not as it should be. */
export class InitFailed extends Error {
  readonly partial: PartialResource;
  constructor(message: string, partial: PartialResource) {
    super(message);
    this.partial = partial;
  }
}

/** An error of the protocol itself, with its gRPC code. */
export class ProtocolError extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

/** Calls that have got their answer. gRPC says of these too that they were cancelled, once their connection goes. */
const answered = new WeakSet<object>();

/** Does something when the caller of a call goes away before it got its answer. */
export function onAbandoned(
  call: { on(event: "cancelled", listener: () => void): unknown },
  work: () => void,
): void {
  call.on("cancelled", () => {
    if (!answered.has(call)) work();
  });
}

/** Turns a plain function into a gRPC handler, and what it throws into the answer that the engine understands. */
export function answer<Request, Response>(
  handle: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
): (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => void {
  return async (call, callback) => {
    try {
      const response = await handle(call.request, call);
      answered.add(call);
      callback(null, response);
    } catch (error) {
      answered.add(call);
      if (error instanceof InitFailed) callback(initFailed(error.message, error.partial));
      else if (error instanceof ProtocolError) callback(failed(error.message, error.code));
      else callback(failed(text(error)));
    }
  };
}

/** The answer of a method that the stand-ins leave out. */
export function unimplemented(method: string) {
  return (_call: unknown, callback: (error: ReturnType<typeof failed>) => void): void =>
    callback(failed(`the stand-ins have no ${method}`, status.UNIMPLEMENTED));
}

/** What an error says to a person. */
export function text(error: unknown): string {
  if (error instanceof z.ZodError)
    return `an answer of the cloud has another form than expected\n${z.prettifyError(error)}`;
  return error instanceof Error ? error.message : String(error);
}

/** The answer for a call that failed and left nothing behind. */
export function failed(message: string, code: status = status.UNKNOWN): Partial<ServiceError> {
  return { code, details: message, message };
}

/**
 * The answer for a resource that exists but is not what it should be. The engine keeps it in the state with the
 * reasons, and the next update tries to bring it to its inputs
 * (https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/providers/implementers-guide.html).
 */
function initFailed(message: string, partial: PartialResource): Partial<ServiceError> {
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
