/**
 * `@gorax/tracing/viewer`: traces on the screen of one's own machine, without Docker.
 */
export * as TracePrinter from "./TracePrinter.ts"
export * as TraceQuery from "./TraceQuery.ts"
export * as TraceStore from "./TraceStore.ts"
export * as Viewer from "./Viewer.ts"
