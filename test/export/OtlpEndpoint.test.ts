import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as fc from "fast-check"
import * as OtlpEndpoint from "../../src/export/OtlpEndpoint.ts"

type Row = readonly [text: string, options: OtlpEndpoint.OtlpEndpointOptions, protocol: string, url: string]

const understood: ReadonlyArray<Row> = [
  // No scheme: gRPC, except on 4318; plain text on this machine alone
  ["localhost:4317", {}, "grpc", "http://localhost:4317"],
  ["localhost", {}, "grpc", "http://localhost:4317"],
  ["127.0.0.1:5000", {}, "grpc", "http://127.0.0.1:5000"],
  ["[::1]:4317", {}, "grpc", "http://[::1]:4317"],
  ["otel.localhost:4317", {}, "grpc", "http://otel.localhost:4317"],
  ["tempo.example:443", {}, "grpc", "https://tempo.example:443"],
  ["localhost:443", {}, "grpc", "https://localhost:443"],
  ["collector:4317", {}, "grpc", "https://collector:4317"],
  ["collector:80", {}, "grpc", "https://collector:80"],
  ["collector:4317", { insecure: true }, "grpc", "http://collector:4317"],
  ["localhost:4317", { insecure: false }, "grpc", "https://localhost:4317"],
  ["localhost:4318", {}, "http/protobuf", "http://localhost:4318/v1/traces"],
  ["collector:4318", {}, "http/protobuf", "https://collector:4318/v1/traces"],
  ["localhost:4318/base", {}, "http/protobuf", "http://localhost:4318/base/v1/traces"],
  // A scheme: http, except on 4317; it decides about encryption
  ["http://h:4318", {}, "http/protobuf", "http://h:4318/v1/traces"],
  ["http://h", {}, "http/protobuf", "http://h/v1/traces"],
  ["HTTPS://Host/base", {}, "http/protobuf", "https://host/base/v1/traces"],
  ["https://host/base/", {}, "http/protobuf", "https://host/base/v1/traces"],
  ["https://host/v1/traces", {}, "http/protobuf", "https://host/v1/traces"],
  ["https://host/base/v1/traces/", {}, "http/protobuf", "https://host/base/v1/traces"],
  ["https://host/base?a=b", {}, "http/protobuf", "https://host/base/v1/traces?a=b"],
  ["https://host/base", { exact: true }, "http/protobuf", "https://host/base"],
  ["https://host", { exact: true }, "http/protobuf", "https://host/"],
  ["http://h:4317", {}, "grpc", "http://h:4317"],
  ["https://h:4317/", {}, "grpc", "https://h:4317"],
  ["https://h:4318", { insecure: true }, "http/protobuf", "https://h:4318/v1/traces"],
  ["http://h:4318", { insecure: false }, "http/protobuf", "http://h:4318/v1/traces"],
  ["http://h:80", {}, "http/protobuf", "http://h:80/v1/traces"],
  // A protocol overrides
  ["http://h:4318", { protocol: "grpc" }, "grpc", "http://h:4318"],
  ["https://tempo.example", { protocol: "grpc" }, "grpc", "https://tempo.example"],
  ["h:4317", { protocol: "http/json" }, "http/json", "https://h:4317/v1/traces"],
  ["localhost", { protocol: "http/json" }, "http/json", "http://localhost:4318/v1/traces"]
]

describe("OtlpEndpoint", () => {
  it.each(understood)("%s with %j is %s to %s", (text, options, protocol, url) => {
    const endpoint = Result.getOrThrow(OtlpEndpoint.fromText(text, options))
    assert.strictEqual(endpoint.protocol, protocol)
    assert.strictEqual(Redacted.value(endpoint.url), url)
    assert.strictEqual(endpoint.display, url.replace(/\?.*/, ""))
    assert.strictEqual(endpoint.insecure, url.startsWith("http:"))
    assert.isUndefined(endpoint.authorization)
  })

  it.each([
    "",
    ":4317",
    "ftp://h",
    "unix:///tmp/x",
    "http://",
    "http:///path",
    "/path",
    "?",
    "h:p",
    "h:0",
    "h:70000",
    "::1",
    "h h"
  ])("%j is no endpoint", (text) => {
    assert.isTrue(Result.isFailure(OtlpEndpoint.fromText(text)))
    assert.isUndefined(OtlpEndpoint.protocolOf(text))
  })

  it("gRPC takes no path, and the rule says what does", () => {
    const found = OtlpEndpoint.fromText("http://h:4317/v1/traces")
    assert.include(Result.isFailure(found) ? found.failure : "", "a path needs http/protobuf")
  })

  it("user and password become an authorization header and appear nowhere else", () => {
    const endpoint = Result.getOrThrow(OtlpEndpoint.fromText("us%3Aer:p%40ss@h:4318"))
    assert.strictEqual(Redacted.value(endpoint.authorization!), `Basic ${btoa("us:er:p@ss")}`)
    assert.strictEqual(Redacted.value(endpoint.url), "https://h:4318/v1/traces")
    assert.notMatch(JSON.stringify(endpoint), /p(%40|@)ss/)
  })

  it("no text crashes it, and what it shows holds no credentials", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((text) => `http://${text}`)
        ),
        (text) => {
          const found = OtlpEndpoint.fromText(text)
          return (
            Result.isFailure(found) ||
            (URL.canParse(found.success.display) && new URL(found.success.display).username === "")
          )
        }
      ),
      { numRuns: 2000 }
    )
  })
})
