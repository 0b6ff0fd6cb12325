/**
 * The protocol's own schema, read by protobufjs: a decoder that shares nothing with ours.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */
import { createRequire } from "node:module"

const schema = `
syntax = "proto3";
package otlp;
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message InstrumentationScope {
  string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; fixed32 flags = 16;
  string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
  message Event {
    fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
  }
  repeated Event events = 11; uint32 dropped_events_count = 12;
  message Link {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
    uint32 dropped_attributes_count = 5; fixed32 flags = 6;
  }
  repeated Link links = 13; uint32 dropped_links_count = 14;
  message Status { string message = 2; int32 code = 3; }
  Status status = 15;
}
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
`

interface MessageType {
  readonly decode: (bytes: Uint8Array) => object
  readonly toObject: (message: object, options: { readonly longs: StringConstructor }) => unknown
}
interface Protobufjs {
  readonly parse: (schema: string) => { readonly root: { readonly lookupType: (name: string) => MessageType } }
}

/** Found by way of the package that brings it, as it is not ours to ask for. */
const protobufjs = ["@opentelemetry/exporter-trace-otlp-grpc", "@grpc/grpc-js", "@grpc/proto-loader"].reduce(
  (require, name) => createRequire(require.resolve(name)),
  createRequire(import.meta.url)
)("protobufjs") as Protobufjs

const request = protobufjs.parse(schema).root.lookupType("otlp.ExportTraceServiceRequest")

/** Bytes as lower-case hexadecimal digits, as OTLP/JSON writes ids. */
const withHex = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString("hex")
    : Array.isArray(value)
      ? value.map(withHex)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withHex(field)]))
        : value

/** An `ExportTraceServiceRequest` in the shape of OTLP/JSON. */
export const decode = (bytes: Uint8Array): unknown =>
  withHex(request.toObject(request.decode(bytes), { longs: String }))
