/**
 * Whether there is a way to a destination: its name means something, and somebody takes connections there.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { existsSync } from "node:fs"
import type { Finding, Step } from "./Check.ts"
import type { Destination } from "./Destination.ts"
import * as Proxies from "./Proxies.ts"
import type { Setup } from "./Setup.ts"
import * as Wire from "./Wire.ts"

const isLoopback = (host: string): boolean => /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|::1)$/i.test(host)

/** A container's loopback is its own. */
const inContainer = (): boolean => existsSync("/.dockerenv") || existsSync("/run/.containerenv")

const otlpPorts = [4318, 4317]

/** The port on which the same machine takes OTLP instead, if it does. */
const neighbour = ({ host, name, port }: Destination): Effect.Effect<Option.Option<number>> =>
  name === "otlp" || name === "otlp-sdk"
    ? Effect.map(
        Effect.forEach(
          otlpPorts.filter((other) => other !== port),
          (other) =>
            Effect.map(Effect.result(Wire.connect({ host, port: other }, 800)), (found) => [other, found] as const),
          { concurrency: "unbounded" }
        ),
        (found) => Option.fromNullishOr(found.find(([, result]) => Result.isSuccess(result))?.[0])
      )
    : Effect.succeed(Option.none())

const refused = (destination: Destination, failure: Wire.Failure, other: Option.Option<number>): Finding => {
  const { display, host, name, port, setting } = destination
  const advice = Option.isSome(other)
    ? `Port ${other.value} of the same machine takes connections: is it ${setting}=http://${host}:${other.value} that you mean?`
    : [
        `Start the receiver, or set ${setting} to where it is.`,
        name === "zipkin" || name === "jaeger" ? "" : "Without one at hand, gorax-tracing view is one.",
        isLoopback(host) && inContainer()
          ? "This is a container, and its localhost is itself: name the receiver by its service, or use host.docker.internal."
          : ""
      ]
        .filter((part) => part !== "")
        .join(" ")
  return {
    check: "destination.connection",
    severity: "problem",
    summary: `Nothing listens at ${host}:${port}`,
    tried: `to connect to ${host} on port ${port}, for ${display}`,
    seen: failure.message,
    advice
  }
}

const unanswered = ({ display, host, port }: Destination, setup: Setup): Finding => {
  const proxy = Proxies.meantFor(setup, host, display.startsWith("https:"))
  return {
    check: "destination.connection",
    severity: "problem",
    summary: `Nobody answers at ${host}:${port}, and nobody refuses`,
    tried: `to connect to ${host} on port ${port}, for ${display}`,
    seen: "no answer within 2.5 seconds",
    advice:
      proxy === undefined
        ? "A firewall or a network policy swallows the connection, or the address is not in use. Allow this way out, or set " +
          "up a collector inside and name that."
        : `${proxy.key} is set, and exporters do not use proxies. Set up a collector on this side of the proxy and name ` +
          "that, or allow this way out."
  }
}

const unreachable = (destination: Destination, failure: Wire.Failure): Finding => ({
  check: "destination.connection",
  severity: "problem",
  summary: `There is no way to ${destination.host}:${destination.port}`,
  tried: `to connect to ${destination.host} on port ${destination.port}, for ${destination.display}`,
  seen: failure.message,
  advice: `Is this machine on the network of the receiver? ${destination.setting} names it.`
})

const named = (destination: Destination): Effect.Effect<Step<ReadonlyArray<string>>> =>
  Wire.resolve(destination.host).pipe(
    Effect.match({
      onSuccess: (addresses): Step<ReadonlyArray<string>> => ({ found: [], next: addresses }),
      onFailure: (failure) => ({
        found: [
          {
            check: "destination.name",
            severity: "problem",
            summary: `There is no machine called ${destination.host}`,
            tried: `to look up ${destination.host}, of ${destination.setting}`,
            seen: failure === Wire.late ? "no answer within 2 seconds" : failure.message,
            advice:
              `Is the host of ${destination.setting} spelled right, and is it a name here? A service of Docker Compose has ` +
              "its name inside of its network alone; one of Kubernetes is <service>.<namespace>.svc from elsewhere."
          }
        ],
        next: undefined
      })
    })
  )

/** Looks its name up and connects to it. */
export const look = Effect.fnUntraced(function* (destination: Destination, setup: Setup): Effect.fn.Return<Step<true>> {
  const { host, port } = destination
  const { found, next: addresses } = yield* named(destination)
  if (addresses === undefined) return { found, next: undefined }
  const connected = yield* Effect.result(Wire.connect({ host, port }))
  if (Result.isSuccess(connected)) {
    const ok: Finding = {
      check: "destination.connection",
      severity: "ok",
      summary: `${host}:${port} takes connections`,
      tried: `to look up ${host} and to connect to port ${port}`,
      seen: `${addresses.join(", ")}; connected to ${connected.success}`
    }
    return { found: [ok], next: true }
  }
  const failure = connected.failure
  if (failure === Wire.late || failure.code === "ETIMEDOUT") {
    return { found: [unanswered(destination, setup)], next: undefined }
  }
  const problem =
    failure.code === "ECONNREFUSED"
      ? refused(destination, failure, yield* neighbour(destination))
      : unreachable(destination, failure)
  return { found: [problem], next: undefined }
})
