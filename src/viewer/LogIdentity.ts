/**
 * What tells log records of one trace apart, which have no ids: a digest of all they say.
 *
 * So a batch that its sender repeats, or a file that is imported twice, adds
 * nothing. Lines of one batch that are alike to the nanosecond are told apart
 * by their number.
 */
import * as Crypto from "node:crypto"
import { serviceOf } from "../model/SpanService.ts"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"

/** A log record of a trace, under its identity. */
export interface NotedLog {
  readonly identity: string
  readonly traceId: string
  readonly log: ReceivedLog
}

const digestOf = (log: ReceivedLog): string => {
  const { attributes, body, eventName, scope, severityNumber, severityText, spanId, time, traceId } = log
  const said = [traceId, spanId, String(time), severityNumber, severityText, eventName, body, attributes]
  return Crypto.hash("sha1", JSON.stringify([...said, scope.name, serviceOf(log)]), "base64")
}

/** Gives every record of a batch its identity. */
export const numbering = (): ((log: ReceivedLog) => string) => {
  const seen = new Map<string, number>()
  return (log) => {
    const digest = digestOf(log)
    const turn = seen.get(digest) ?? 0
    seen.set(digest, turn + 1)
    return turn === 0 ? digest : `${digest}${turn}`
  }
}
