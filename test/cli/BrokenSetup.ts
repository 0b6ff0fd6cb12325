/**
 * Set-ups in which no trace appears, each with a real server that is not as it should be, and what the doctor has to say
 * first.
 */
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, type Scope } from "effect"
import * as fs from "node:fs"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { certificates } from "../export/certificates.ts"
import * as receivers from "../export/receivers.ts"
import * as wrong from "./certificates.ts"

export type Variables = Readonly<Record<string, string>>

export interface BrokenSetup {
  readonly symptom: string
  readonly variables: Effect.Effect<Variables, never, Scope.Scope | FakeCollector.FakeCollector>
  readonly severity: "problem" | "warning"
  /** Of the finding that comes first. */
  readonly check: string
  readonly summary: RegExp
  readonly advice: RegExp
}

/** Nothing else is wrong. */
const well: Variables = { TRACING_ENABLED: "true", TRACING_SERVICE_NAME: "orders" }

const collector = Effect.flatMap(FakeCollector.FakeCollector, (collector) => Effect.succeed(collector))

const port = (server: Net.Server): number => (server.address() as Net.AddressInfo).port

const listening = (server: Net.Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<Net.Server>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        if (server instanceof Http.Server || server instanceof Https.Server) server.closeAllConnections()
      })
  ).pipe(Effect.map(port))

/** Answers everything like this, once it has read it. */
const answering =
  (status: number, headers: Http.OutgoingHttpHeaders = {}, body = ""): Http.RequestListener =>
  (request, response) => {
    request.resume()
    request.on("end", () => response.writeHead(status, headers).end(body))
  }

export const http = (listener: Http.RequestListener): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(listening(Http.createServer(listener)), (port) => `http://127.0.0.1:${port}`)

const https = (
  identity: Pick<Https.ServerOptions, "cert" | "key" | "ca" | "requestCert">,
  listener: Http.RequestListener = answering(200)
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(listening(Https.createServer(identity, listener)), (port) => `https://localhost:${port}`)

/** Nobody listens there, and nobody will. */
const refused = Effect.map(Effect.scoped(listening(Net.createServer())), (port) => `http://127.0.0.1:${port}`)

export const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-doctor-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

const pem = (bytes: Buffer): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(folder, (folder) => {
    const file = path.join(folder, "ca.pem")
    fs.writeFileSync(file, bytes)
    return file
  })

/** A server in front of which nothing else is wrong. */
const at = <E, R>(server: Effect.Effect<string, E, R>, more: Variables = {}) =>
  Effect.map(server, (url): Variables => ({ ...well, TRACING_ENDPOINT: url, ...more }))

/** A collector that is well, and settings that are not. */
const but = (more: Variables) =>
  Effect.map(collector, ({ url }): Variables => ({ ...well, TRACING_ENDPOINT: url, ...more }))

/** The ten that people meet most; docs/doctor.md has the same table. */
export const ten: ReadonlyArray<BrokenSetup> = [
  {
    symptom: "tracing was never turned on",
    variables: but({ TRACING_ENABLED: "false" }),
    severity: "problem",
    check: "recording.enabled",
    summary: /^Tracing is off/,
    advice: /TRACING_ENABLED=true/
  },
  {
    symptom: "the sample rate is 0",
    variables: but({ TRACING_SAMPLING_RATE: "0" }),
    severity: "problem",
    check: "recording.sampling",
    summary: /sample rate is 0/,
    advice: /TRACING_SAMPLE_RATE .*TRACING_SAMPLING_RATE decides/
  },
  {
    symptom: "nothing listens at the endpoint",
    variables: at(refused),
    severity: "problem",
    check: "destination.connection",
    summary: /^Nothing listens at 127\.0\.0\.1:\d+$/,
    advice: /^(Start the receiver, or set TRACING_ENDPOINT|Port 431[78] of the same machine)/
  },
  {
    symptom: "the collector's port for gRPC is spoken to over HTTP",
    variables: Effect.map(collector, ({ grpcUrl }) => ({
      ...well,
      TRACING_ENDPOINT: grpcUrl,
      TRACING_PROTOCOL: "http/protobuf"
    })),
    severity: "problem",
    check: "destination.protocol",
    summary: /speaks gRPC, and is spoken to over HTTP$/,
    advice: /TRACING_PROTOCOL=grpc/
  },
  {
    symptom: "the collector's port for HTTP is spoken to in gRPC",
    variables: but({ TRACING_PROTOCOL: "grpc" }),
    severity: "problem",
    check: "destination.protocol",
    summary: /speaks HTTP, and is spoken to in gRPC$/,
    advice: /TRACING_PROTOCOL=http\/protobuf/
  },
  {
    symptom: "the path of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is missing",
    variables: Effect.map(collector, ({ url }) => ({ ...well, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url })),
    severity: "problem",
    check: "destination.protocol",
    summary: /^There is no receiver at http:/,
    advice: /OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http:\/\/127\.0\.0\.1:\d+\/v1\/traces/
  },
  {
    symptom: "the credentials are refused",
    variables: at(http(answering(401, {}, "who is canary-token-1?")), {
      TRACING_HEADERS: "authorization=canary-token-1"
    }),
    severity: "problem",
    check: "destination.credentials",
    summary: /does not let this program in$/,
    advice: /begin with a word such as Bearer.*TRACING_HEADERS right/
  },
  {
    symptom: "a receiver in plain text is spoken to in TLS, as its endpoint has no scheme",
    variables: Effect.map(collector, ({ url }) => ({
      ...well,
      TRACING_ENDPOINT: url.replace("http://", ""),
      TRACING_INSECURE: "false"
    })),
    severity: "problem",
    check: "destination.tls",
    summary: /speaks plain text, and is spoken to in TLS$/,
    advice: /TRACING_ENDPOINT=http:\/\/127\.0\.0\.1:\d+, or set TRACING_INSECURE=true/
  },
  {
    symptom: "the receiver's certificate is expired",
    variables: Effect.gen(function* () {
      return {
        ...well,
        TRACING_ENDPOINT: yield* https(wrong.expired),
        TRACING_CERTIFICATE: yield* pem(wrong.expired.ca)
      }
    }),
    severity: "problem",
    check: "destination.tls",
    summary: /^The certificate of localhost expired on Jan {1,2}1 00:00:00 2021 GMT$/,
    advice: /^Renew it/
  },
  {
    symptom: "nobody vouches for the receiver's certificate",
    variables: at(https(certificates)),
    severity: "problem",
    check: "destination.tls",
    summary: /^Nobody whom this program knows vouches/,
    advice: /^Set TRACING_CERTIFICATE to a PEM file with the authority that signed it, localhost/
  }
]

/** What else goes wrong. */
export const others: ReadonlyArray<BrokenSetup> = [
  {
    symptom: "a setting cannot be read",
    variables: but({ TRACING_SAMPLE_RATE: "70%" }),
    severity: "problem",
    check: "settings.usable",
    summary: /^TRACING_SAMPLE_RATE cannot be used$/,
    advice: /a number from 0 to 1.*does not start/
  },
  {
    symptom: "two spellings of a setting disagree",
    variables: but({ TRACING_SAMPLE_RATE: "0.5", TRACING_SAMPLING_RATE: "1" }),
    severity: "problem",
    check: "settings.usable",
    summary: /^TRACING_SAMPLING_RATE cannot be used$/,
    advice: /the same as TRACING_SAMPLE_RATE/
  },
  {
    symptom: "a variable is misspelt",
    variables: but({ TRACING_SAMPEL_RATE: "0.5" }),
    severity: "warning",
    check: "settings.known",
    summary: /^TRACING_SAMPEL_RATE is set, and nobody reads it$/,
    advice: /^Is TRACING_SAMPLE_RATE meant\?$/
  },
  {
    symptom: "an OTEL_ variable is hidden by one of ours",
    variables: but({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://elsewhere:4318" }),
    severity: "warning",
    check: "settings.shadowed",
    summary: /^OTEL_EXPORTER_OTLP_ENDPOINT is set, and TRACING_ENDPOINT is heard in its place$/,
    advice: /OTEL_EXPORTER_OTLP_ENDPOINT or TRACING_ENDPOINT/
  },
  {
    symptom: "OTEL_SDK_DISABLED was left over",
    variables: but({ OTEL_SDK_DISABLED: "true" }),
    severity: "problem",
    check: "recording.enabled",
    summary: /^Tracing is off/,
    advice: /Take OTEL_SDK_DISABLED away/
  },
  {
    symptom: "there is no exporter",
    variables: but({ OTEL_TRACES_EXPORTER: "none" }),
    severity: "problem",
    check: "recording.exporters",
    summary: /go nowhere/,
    advice: /Set OTEL_TRACES_EXPORTER to otlp/
  },
  {
    symptom: "the service has no name",
    variables: Effect.map(collector, ({ url }) => ({ TRACING_ENABLED: "true", TRACING_ENDPOINT: url })),
    severity: "warning",
    check: "recording.service",
    summary: /appears as unknown_service:node/,
    advice: /Set TRACING_SERVICE_NAME/
  },
  {
    symptom: "the host does not exist",
    variables: at(Effect.succeed("http://collector.invalid:4318")),
    severity: "problem",
    check: "destination.name",
    summary: /^There is no machine called collector\.invalid$/,
    advice: /TRACING_ENDPOINT spelled right/
  },
  {
    symptom: "the receiver takes connections and says nothing",
    variables: at(receivers.silent),
    severity: "problem",
    check: "destination.protocol",
    summary: /takes connections and does not answer$/,
    advice: /hangs, is overloaded/
  },
  {
    symptom: "the receiver hangs up",
    variables: at(
      Effect.map(listening(Net.createServer((socket) => socket.destroy())), (port) => `http://127.0.0.1:${port}`)
    ),
    severity: "problem",
    check: "destination.protocol",
    summary: /hangs up without an answer$/,
    advice: /Is this the port of a receiver/
  },
  {
    symptom: "a receiver in TLS is spoken to in plain text",
    variables: at(Effect.map(https(certificates), (url) => url.replace("https:", "http:"))),
    severity: "problem",
    check: "destination.protocol",
    summary: /speaks TLS, and is spoken to in plain text$/,
    advice: /TRACING_ENDPOINT=https:\/\/localhost:\d+\./
  },
  {
    symptom: "a receiver in TLS is spoken to in plain gRPC",
    variables: at(
      Effect.map(https(certificates), (url) => url.replace("https:", "http:")),
      {
        TRACING_PROTOCOL: "grpc"
      }
    ),
    severity: "problem",
    check: "destination.protocol",
    summary: /speaks TLS, and is spoken to in plain text$/,
    advice: /TRACING_ENDPOINT=https:\/\/localhost:\d+\./
  },
  {
    symptom: "a server that knows no HTTP/2 is spoken to in gRPC over TLS",
    variables: Effect.gen(function* () {
      return {
        ...well,
        TRACING_ENDPOINT: yield* https(certificates),
        TRACING_CERTIFICATE: yield* pem(certificates.ca),
        TRACING_PROTOCOL: "grpc"
      }
    }),
    severity: "problem",
    check: "destination.tls",
    summary: /does not speak HTTP\/2, which gRPC needs$/,
    advice: /TRACING_PROTOCOL=http\/protobuf/
  },
  {
    symptom: "the receiver's certificate is for another name",
    variables: Effect.gen(function* () {
      const url = yield* https(wrong.ofAnother)
      return { ...well, TRACING_ENDPOINT: url, TRACING_CERTIFICATE: yield* pem(wrong.ofAnother.ca) }
    }),
    severity: "problem",
    check: "destination.tls",
    summary: /^The certificate is not for localhost, but for collector\.example$/,
    advice: /into TRACING_ENDPOINT, or have one made for localhost/
  },
  {
    symptom: "TRACING_CERTIFICATE holds another authority",
    variables: Effect.gen(function* () {
      const url = yield* https(certificates)
      return { ...well, TRACING_ENDPOINT: url, TRACING_CERTIFICATE: yield* pem(wrong.ofAnother.ca) }
    }),
    severity: "problem",
    check: "destination.tls",
    summary: /^Nobody whom this program knows vouches/,
    advice: /^TRACING_CERTIFICATE is set, and does not hold the authority/
  },
  {
    symptom: "TRACING_CERTIFICATE names no file",
    variables: but({ TRACING_CERTIFICATE: "/nowhere/ca.pem" }),
    severity: "problem",
    check: "destination.certificates",
    summary: /^TRACING_CERTIFICATE names a file that is no use$/,
    advice: /a file that can be read/
  },
  {
    symptom: "the receiver wants to see a certificate",
    variables: Effect.gen(function* () {
      const url = yield* https({ ...certificates, requestCert: true })
      return { ...well, TRACING_ENDPOINT: url, TRACING_CERTIFICATE: yield* pem(certificates.ca) }
    }),
    severity: "problem",
    check: "destination.protocol",
    summary: /wants to see a certificate of this program$/,
    advice: /TRACING_CLIENT_CERTIFICATE and TRACING_CLIENT_KEY/
  },
  {
    symptom: "no credentials are sent",
    variables: at(http(answering(403))),
    severity: "problem",
    check: "destination.credentials",
    summary: /does not let this program in$/,
    advice: /^No credentials are sent\. Set TRACING_HEADERS/
  },
  {
    symptom: "the credentials of a file are refused",
    variables: Effect.gen(function* () {
      const url = yield* http((request, response) => {
        const isKnown = request.headers.authorization === "Bearer canary-token-1"
        answering(isKnown ? 403 : 500, {}, isKnown ? "canary-token-1 may not write" : "")(request, response)
      })
      const file = yield* pem(Buffer.from("authorization=Bearer canary-token-1\n"))
      return { ...well, TRACING_ENDPOINT: url, TRACING_HEADERS_FILE: file }
    }),
    severity: "problem",
    check: "destination.credentials",
    summary: /does not let this program in$/,
    advice: /credentials in TRACING_HEADERS_FILE right/
  },
  {
    symptom: "the file of headers is not there",
    variables: but({ TRACING_HEADERS_FILE: "/nowhere/token" }),
    severity: "problem",
    check: "settings.usable",
    summary: /^TRACING_HEADERS_FILE cannot be used$/,
    advice: /does not start/
  },
  {
    symptom: "the credentials have quotes around them",
    variables: at(http(answering(401)), { TRACING_HEADERS: 'authorization="Bearer canary-token-1"' }),
    severity: "problem",
    check: "destination.credentials",
    summary: /does not let this program in$/,
    advice: /has quotes around it/
  },
  {
    symptom: "the credentials are refused over gRPC",
    variables: Effect.gen(function* () {
      const { grpcUrl, respondWith } = yield* collector
      yield* respondWith(401, { times: Infinity })
      return {
        ...well,
        TRACING_ENDPOINT: grpcUrl,
        TRACING_PROTOCOL: "grpc",
        TRACING_HEADERS: "api-key=canary-token-1"
      }
    }),
    severity: "problem",
    check: "destination.credentials",
    summary: /does not let this program in$/,
    advice: /credentials in TRACING_HEADERS right/
  },
  {
    symptom: "the path is wrong, and there is a receiver beside it",
    variables: at(
      Effect.map(
        http((request, response) => answering(request.url === "/v1/traces" ? 200 : 404)(request, response)),
        (url) => `${url}/v1/trace`
      )
    ),
    severity: "problem",
    check: "destination.protocol",
    summary: /^There is no receiver at http:.*\/v1\/trace\/v1\/traces$/,
    advice: /There is one at http:\/\/127\.0\.0\.1:\d+\/v1\/traces/
  },
  {
    symptom: "the server is no receiver at all",
    variables: at(http(answering(404))),
    severity: "problem",
    check: "destination.protocol",
    summary: /^There is no receiver at/,
    advice: /^Nor is there one at \/v1\/traces/
  },
  {
    symptom: "the endpoint redirects",
    variables: at(http(answering(307, { location: "https://collector.example/v1/traces?token=canary-token-1" }))),
    severity: "problem",
    check: "destination.protocol",
    summary: /leads elsewhere, and exports do not follow$/,
    advice: /TRACING_ENDPOINT=https:\/\/collector\.example\/v1\/traces\./
  },
  {
    symptom: "the endpoint leads to a page for signing in",
    variables: at(http(answering(302, { location: "/login?next=%2Fv1%2Ftraces" }))),
    severity: "problem",
    check: "destination.protocol",
    summary: /leads elsewhere/,
    advice: /a page for signing in: this is an address for people/
  },
  {
    symptom: "a user interface takes everything and keeps nothing",
    variables: at(http(answering(200, { "content-type": "text/html; charset=utf-8" }, "<html></html>"))),
    severity: "problem",
    check: "destination.protocol",
    summary: /answers with a page for people, so spans sent there are lost$/,
    advice: /Set TRACING_ENDPOINT to the receiver's/
  },
  {
    symptom: "the receiver takes JSON alone",
    variables: at(
      http((request, response) =>
        answering(request.headers["content-type"] === "application/json" ? 200 : 415)(request, response)
      )
    ),
    severity: "problem",
    check: "destination.protocol",
    summary: /does not take http\/protobuf$/,
    advice: /^Set TRACING_PROTOCOL=http\/json/
  },
  {
    symptom: "a proxy answers in its place",
    variables: at(http(answering(503, { "x-squid-error": "ERR_CONNECT_FAIL 111", via: "1.1 proxy (squid)" }))),
    severity: "problem",
    check: "proxy",
    summary: /^A proxy answers in the place of/,
    advice: /collector on this side of the proxy/
  },
  {
    symptom: "the receiver is not able to take anything",
    variables: at(http(answering(503, {}, "storage is full"))),
    severity: "problem",
    check: "destination.test-span",
    summary: /refuses spans$/,
    advice: /may be better in a moment/
  },
  {
    symptom: "the receiver takes a part, which is nothing",
    variables: Effect.gen(function* () {
      const { respondWith, url } = yield* collector
      yield* respondWith(FakeCollector.partial(1, "quota of the tenant"), { times: Infinity })
      return { ...well, TRACING_ENDPOINT: url }
    }),
    severity: "problem",
    check: "destination.test-span",
    summary: /answers that all is well, and does not take the span$/,
    advice: /Limits and quotas/
  },
  {
    symptom: "what is taken is not kept",
    variables: at(
      http((request, response) =>
        request.method === "POST"
          ? answering(200)(request, response)
          : answering(404, { "content-type": "application/json" }, "{}")(request, response)
      )
    ),
    severity: "warning",
    check: "destination.read-back",
    summary: /^The test span was taken, and cannot be found$/,
    advice: /collector's own sampling/
  },
  {
    symptom: "the clocks disagree",
    variables: at(
      http((request, response) => {
        const behind = new Date(Date.now() - 7 * 60_000)
        answering(200, { date: behind.toUTCString() })(request, response)
      })
    ),
    severity: "warning",
    check: "destination.clock",
    summary: /^The clock of this machine is [67]m( \d+s)? ahead of that of 127\.0\.0\.1$/,
    advice: /NTP/
  },
  {
    symptom: "a public server continues nobody's trace",
    variables: but({ TRACING_TRUST: "public" }),
    severity: "warning",
    check: "boundaries.trust",
    summary: /^No caller's trace is continued/,
    advice: /TRACING_TRUSTED_PEERS/
  },
  {
    symptom: "no format carries ids",
    variables: but({ TRACING_PROPAGATORS: "baggage" }),
    severity: "warning",
    check: "boundaries.propagators",
    summary: /no format carries its ids$/,
    advice: /TRACING_PROPAGATORS=tracecontext,baggage/
  },
  {
    symptom: "only an old format is spoken",
    variables: but({ OTEL_PROPAGATORS: "b3" }),
    severity: "warning",
    check: "boundaries.propagators",
    summary: /W3C trace context alone.*do not join/,
    advice: /OTEL_PROPAGATORS=tracecontext,b3/
  },
  {
    symptom: "no host is handed the context",
    variables: but({ TRACING_PROPAGATE_TO: "none" }),
    severity: "warning",
    check: "boundaries.egress",
    summary: /traces end with this one$/,
    advice: /name the hosts/
  },
  {
    symptom: "all requests are left out",
    variables: but({ TRACING_HTTP_IGNORE: "/*" }),
    severity: "warning",
    check: "boundaries.ignored",
    summary: /^No HTTP request is traced/,
    advice: /Name the paths/
  },
  {
    symptom: "a sampler asks nobody",
    variables: but({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" }),
    severity: "warning",
    check: "recording.sampling",
    summary: /does not ask what the caller decided/,
    advice: /parentbased_traceidratio/
  },
  {
    symptom: "the folder of the file does not exist",
    variables: but({ TRACING_EXPORTER: "file", TRACING_FILE_PATH: "/nowhere/traces.jsonl" }),
    severity: "problem",
    check: "recording.file",
    summary: /^The folder of \/nowhere\/traces\.jsonl cannot be written to$/,
    advice: /TRACING_FILE_PATH/
  },
  {
    symptom: "the folder of the spool is open to others",
    variables: Effect.gen(function* () {
      const { url } = yield* collector
      const directory = yield* folder
      fs.chmodSync(directory, 0o777)
      return { ...well, TRACING_ENDPOINT: url, TRACING_SPOOL_DIR: directory }
    }),
    severity: "problem",
    check: "spool.folder",
    summary: /^The folder of the spool cannot be used by this user$/,
    advice: /chmod 700/
  },
  {
    symptom: "anybody may pass for the receiver",
    variables: but({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }),
    severity: "warning",
    check: "surroundings.tls",
    summary: /lets anybody pass for the receiver$/,
    advice: /TRACING_CERTIFICATE/
  }
]

export { answering, certificates, https, pem, refused, well }
