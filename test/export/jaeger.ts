/**
 * Jaeger's types, named again after their field numbers: jaeger.thrift.
 */
import type { ThriftStruct } from "./thrift.ts"

const valueFields = [3, 4, 5, 6] as const

/** Tags by key, each as `type:value`, so that 1 and "1" are not alike. */
const tags = (list: unknown): Record<string, string> =>
  Object.fromEntries(
    ((list ?? []) as ReadonlyArray<ThriftStruct>).map((tag) => {
      const type = Number(tag[2])
      const field = valueFields[type]!
      const others = valueFields.filter((other) => other !== field && tag[other] !== undefined)
      if (tag[field] === undefined || others.length > 0) throw new TypeError(`tag ${String(tag[1])}`)
      return [String(tag[1]), `${["string", "double", "bool", "long"][type]}:${String(tag[field])}`]
    })
  )

const hex = (value: unknown): string =>
  BigInt.asUintN(64, value as bigint)
    .toString(16)
    .padStart(16, "0")

export const span = (fields: ThriftStruct) => ({
  traceId: hex(fields[2]) + hex(fields[1]),
  spanId: hex(fields[3]),
  parentSpanId: hex(fields[4]),
  name: fields[5] as string,
  references: ((fields[6] ?? []) as ReadonlyArray<ThriftStruct>).map(
    (reference) =>
      `${["CHILD_OF", "FOLLOWS_FROM"][Number(reference[1])]} ${hex(reference[3])}${hex(reference[2])} ${hex(reference[4])}`
  ),
  flags: fields[7] as number,
  startTime: fields[8] as bigint,
  duration: fields[9] as bigint,
  tags: tags(fields[10]),
  logs: ((fields[11] ?? []) as ReadonlyArray<ThriftStruct>).map((log) => ({
    time: log[1] as bigint,
    fields: tags(log[2])
  }))
})

export const batch = (fields: ThriftStruct) => {
  const process = fields[1] as ThriftStruct
  return {
    service: process[1] as string,
    process: tags(process[2]),
    spans: (fields[2] as ReadonlyArray<ThriftStruct>).map(span)
  }
}
