import { assert, describe, it } from "@effect/vitest"
import { Traced, TracingHealth, TracingLive } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { certificates, elsewhere, expired, strangers } from "../export/certificates.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-tls-"))),
  (name) => Effect.sync(() => fs.rmSync(name, { recursive: true, force: true }))
)

interface Case {
  readonly when: string
  readonly server: FakeCollector.FakeCollectorTls
  /** Settings that name files, by what is in them. */
  readonly files: Readonly<Record<string, Buffer>>
  /** What is said where nothing arrives. */
  readonly says?: RegExp
}

const known = { TRACING_CERTIFICATE: certificates.ca }
const mutual = { ...certificates, clientAuthority: strangers.ca }

const cases: ReadonlyArray<Case> = [
  { when: "an authority is named that vouches for the collector", server: certificates, files: known },
  { when: "no authority is named that vouches for it", server: certificates, files: {}, says: /TRACING_CERTIFICATE/ },
  {
    when: "another authority is named",
    server: certificates,
    files: { TRACING_CERTIFICATE: strangers.ca },
    says: /TRACING_CERTIFICATE/
  },
  {
    when: "its certificate is for another host",
    server: elsewhere,
    files: { TRACING_CERTIFICATE: elsewhere.ca },
    says: /Its certificate is for another host/
  },
  {
    when: "its certificate has expired",
    server: expired,
    files: { TRACING_CERTIFICATE: expired.ca },
    says: /certificate has expired/
  },
  {
    when: "it lets in who shows a certificate, and one is shown",
    server: mutual,
    files: { ...known, TRACING_CLIENT_CERTIFICATE: strangers.cert, TRACING_CLIENT_KEY: strangers.key }
  },
  {
    when: "it lets in who shows a certificate, and none is shown",
    server: mutual,
    files: known,
    says: /TRACING_CLIENT_CERTIFICATE/
  },
  {
    when: "it lets in who shows a certificate, and that of somebody else is shown",
    server: mutual,
    files: { ...known, TRACING_CLIENT_CERTIFICATE: elsewhere.cert, TRACING_CLIENT_KEY: elsewhere.key },
    says: /TRACING_CLIENT_CERTIFICATE/
  }
]

describe("over TLS", () => {
  for (const protocol of ["http/protobuf", "http/json", "grpc"] as const) {
    for (const { files, says, server, when } of cases) {
      const outcome = says === undefined ? "spans arrive" : "nothing is sent, and it says why"
      it.live(`${outcome}, when ${when}: ${protocol}`, () =>
        Effect.gen(function* () {
          const collector = yield* FakeCollector.FakeCollector
          const home = yield* folder
          const named = Object.entries(files).map(([key, content]) => {
            const file = path.join(home, key)
            fs.writeFileSync(file, content)
            return [key, file]
          })
          const settings = ConfigProvider.fromUnknown({
            TRACING_ENABLED: "true",
            TRACING_PROTOCOL: protocol,
            TRACING_ENDPOINT: protocol === "grpc" ? collector.grpcUrl : collector.url,
            TRACING_BATCH_TIMEOUT: "1",
            TRACING_RETRY_DELAY: "5",
            TRACING_SHUTDOWN_TIMEOUT: "200",
            ...Object.fromEntries(named)
          })
          const failure = yield* Effect.gen(function* () {
            yield* Effect.void.pipe(Traced.span("told"))
            if (says === undefined) return void (yield* collector.awaitSpans(1))
            return yield* Effect.sleep("2 millis").pipe(
              Effect.andThen(TracingHealth.snapshot),
              Effect.map(({ exporters }) => exporters[0]?.lastError?.message),
              Effect.repeat({ until: (message) => message !== undefined })
            )
          }).pipe(
            Effect.provide(TracingLive.pipe(Layer.provide(ConfigProvider.layer(settings)))),
            Effect.provide(Logger.layer([]))
          )
          if (says !== undefined) {
            assert.match(failure ?? "", says)
            assert.deepStrictEqual(yield* collector.requests, [])
          }
        }).pipe(Effect.scoped, Effect.provide(FakeCollector.layerTls(server)))
      )
    }
  }
})
