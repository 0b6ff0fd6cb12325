/**
 * Programs that say their secrets wherever they can, and a search of all that leaves them: bytes on the wire by every
 * protocol, files, both outputs.
 */
import { Redaction } from "@gorax/tracing"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as Http from "node:http"
import * as Http2 from "node:http2"
import type { AddressInfo } from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Spans from "../export/spans.ts"
import * as Secrets from "../pipeline/secrets.ts"
import type { Bar } from "./Bar.ts"
import * as Planted from "./Planted.ts"

const program = fileURLToPath(new URL("leaky-program.ts", import.meta.url))

/** Something that takes whatever is sent, and keeps every byte and every header of it. */
interface Listener {
  readonly port: number
  readonly bytes: () => Buffer
  readonly close: () => Promise<void>
}

const listen = (server: Http.Server | Http2.Http2Server, chunks: ReadonlyArray<Buffer>): Promise<Listener> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        bytes: () => Buffer.concat(chunks),
        close: () => new Promise((resolve) => void server.close(() => resolve()))
      })
    )
  })

const http = (): Promise<Listener> => {
  const chunks: Array<Buffer> = []
  const server = Http.createServer((request, response) => {
    chunks.push(Buffer.from(JSON.stringify([request.url, request.headers])))
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => response.writeHead(200, { connection: "close" }).end())
  })
  return listen(server, chunks)
}

const grpc = (): Promise<Listener> => {
  const chunks: Array<Buffer> = []
  const sessions = new Set<Http2.ServerHttp2Session>()
  const server = Http2.createServer()
  server.on("session", (session) => sessions.add(session))
  server.on("stream", (stream, headers) => {
    chunks.push(Buffer.from(JSON.stringify(headers)))
    stream.on("data", (chunk: Buffer) => chunks.push(chunk))
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true })
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }))
      stream.end(Buffer.alloc(5))
    })
  })
  return listen(server, chunks).then((listener) => ({
    ...listener,
    close: () => {
      for (const session of sessions) session.destroy()
      return listener.close()
    }
  }))
}

interface Ended {
  readonly stdout: Buffer
  readonly stderr: Buffer
}

const secretive = {
  TRACING_ENABLED: "true",
  TRACING_SERVICE_NAME: `orders token=${Secrets.password}`,
  TRACING_RESOURCE_ATTRIBUTES: `db.password=${Secrets.password},note=${encodeURIComponent(Secrets.bySight["jwt"]!)}`,
  TRACING_BAGGAGE_ATTRIBUTES: "tier",
  TRACING_HTTP_REQUEST_HEADERS: "x-note,authorization,cookie",
  TRACING_HTTP_RESPONSE_HEADERS: "x-answer",
  TRACING_PROPAGATE_BAGGAGE: "*",
  TRACING_HEADERS: "x-tenant=acme",
  // Not more than a collector would take, and no span is left out
  TRACING_BATCH_SIZE: "200"
}

/** Runs the program to its end; a minute at most. */
const run = (settings: Readonly<Record<string, string>>): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", program],
      { env: { PATH: process.env["PATH"], ...secretive, ...settings }, timeout: 60_000 }
    )
    const stdout: Array<Buffer> = []
    const stderr: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk))
    child.on("error", reject)
    child.on("close", () => resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }))
  })

/** What may not be found, and what has to be there so that nothing was searched in vain. */
const searched = (name: string, bytes: Buffer, proof = "REDACTED"): Bar => {
  const found = Planted.found(bytes)
  for (const what of found.slice(0, 3)) console.error(`  in ${name}: ${what}`)
  const isThere = proof === "" || bytes.includes(proof)
  return {
    bar: "P1",
    name: isThere ? `${name}, ${Math.ceil(bytes.length / 1024)} KiB` : `${name}, where nothing was said`,
    figure: found.length,
    unit: "needles found",
    bound: "none",
    ok: found.length === 0 && isThere
  }
}

const outputs = (name: string, { stderr, stdout }: Ended): ReadonlyArray<Bar> => [
  searched(`stdout, ${name}`, stdout, ""),
  searched(`stderr, ${name}`, stderr, "")
]

const wire = async (protocol: "http/json" | "http/protobuf" | "grpc"): Promise<ReadonlyArray<Bar>> => {
  const listener = await (protocol === "grpc" ? grpc() : http())
  const ended = await run({ TRACING_ENDPOINT: `http://127.0.0.1:${listener.port}`, TRACING_PROTOCOL: protocol })
  await listener.close()
  return [searched(`OTLP by ${protocol}`, listener.bytes()), ...outputs(protocol, ended)]
}

/** That the search finds what is there: the same program, with redaction off. */
const control = async (): Promise<Bar> => {
  const listener = await http()
  await run({
    TRACING_ENDPOINT: `http://127.0.0.1:${listener.port}`,
    TRACING_PROTOCOL: "http/json",
    TRACING_REDACTION: "off"
  })
  await listener.close()
  const found = Planted.found(listener.bytes()).length
  return {
    bar: "P1",
    name: "without redaction, OTLP by http/json",
    figure: found,
    unit: "needles found",
    bound: "10 and more",
    ok: found >= 10
  }
}

/** Zipkin on the wire, a file and the console, all at once. */
const others = async (directory: string): Promise<ReadonlyArray<Bar>> => {
  const listener = await http()
  const file = path.join(directory, "spans.jsonl")
  const ended = await run({
    TRACING_EXPORTER: "zipkin,file,console",
    TRACING_ZIPKIN_ENDPOINT: `http://127.0.0.1:${listener.port}`,
    TRACING_FILE_PATH: file
  })
  await listener.close()
  return [
    searched("Zipkin", listener.bytes()),
    searched("the file", fs.readFileSync(file)),
    searched("stdout with spans", ended.stdout),
    searched("stderr with spans", ended.stderr, "")
  ]
}

/** Nobody takes the spans, so they are left on disk. */
const spool = async (directory: string): Promise<ReadonlyArray<Bar>> => {
  const folder = path.join(directory, "spool")
  const ended = await run({
    TRACING_ENDPOINT: "http://127.0.0.1:9",
    TRACING_SPOOL_DIR: folder,
    TRACING_SHUTDOWN_TIMEOUT: "100"
  })
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const bytes = Buffer.concat(files.map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name))))
  return [searched("the spool", bytes), ...outputs("while nobody listens", ended)]
}

/** What is said of settings that are not usable. */
const refusals = async (): Promise<ReadonlyArray<Bar>> => {
  const { jwt = "", pem = "" } = Secrets.bySight
  const ended = await run({
    TRACING_SAMPLE_RATE: jwt,
    TRACING_ENDPOINT: `ftp://ada:${Secrets.password}@collector`,
    TRACING_TRUST: `Bearer ${Buffer.from("canary-of-bearer").toString("base64url")}`,
    TRACING_HEADERS: `authorization ${Secrets.password}`,
    TRACING_REDACT_HASH_KEY: "canary",
    TRACING_BATCH_TIMEOUT: pem
  })
  return [
    searched("stdout of a refusal", ended.stdout, ""),
    searched("what a refusal says", Buffer.concat([ended.stderr, ended.stdout]), "TRACING_SAMPLE_RATE")
  ]
}

const changedShare = (): Bar => {
  const sources = ["tracer", "workflow", "queue", "export", "viewer", "receiver", "propagation", "testing"]
  const root = fileURLToPath(new URL("../../src", import.meta.url))
  const lines = sources.flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder))
      .flatMap((file) => fs.readFileSync(path.join(root, folder, file), "utf8").split("\n"))
  )
  const texts = [...Secrets.benign, ...lines.filter((line) => line.trim() !== "")]
  const changed = texts.filter((text) => Redaction.defaults.text(text) !== text)
  const share = Math.round((changed.length / texts.length) * 10_000) / 100
  return {
    bar: "P1",
    name: `${texts.length} texts without a secret are changed`,
    figure: share,
    unit: "%",
    bound: "at most 1 %",
    ok: share <= 1 && Secrets.benign.every((text) => !changed.includes(text))
  }
}

/** A rule that throws, and every secret. */
const failingRule = (): Bar => {
  const redaction = Redaction.make({
    rules: [
      {
        name: "broken",
        masks() {
          throw new Error("oops")
        }
      }
    ]
  })
  const said = Planted.forms.map((form) => {
    const { attributes, events, name } = redaction.span(
      Spans.make({
        name: form,
        attributes: { form },
        events: [{ name: form, time: 1n, attributes: { form }, droppedAttributes: 0 }]
      })
    )
    return JSON.stringify([name, [...attributes], events.map(({ attributes, name }) => [name, attributes])])
  })
  return searched("a rule that throws", Buffer.from(said.join("\n")), "REDACTED:failed")
}

/** The part that needs no other process. */
export const quick = (): ReadonlyArray<Bar> => [failingRule(), changedShare()]

/** One way out: what a short run searches. */
export const overHttp = (): Promise<ReadonlyArray<Bar>> => wire("http/protobuf")

export const measure = async (): Promise<ReadonlyArray<Bar>> => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "gorax-redaction-"))
  try {
    return [
      ...(await wire("http/json")),
      ...(await wire("http/protobuf")),
      ...(await wire("grpc")),
      ...(await others(directory)),
      ...(await spool(directory)),
      ...(await refusals()),
      await control(),
      ...quick()
    ]
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}
