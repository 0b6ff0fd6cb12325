/**
 * `@gorax/tracing/testing`: look at the spans of a program as easily as at its values.
 */
export * as FakeCollector from "./FakeCollector.ts"
export * as SpanRules from "./SpanRules.ts"
export * as SpanTree from "./SpanTree.ts"
export * as TracingTest from "./TracingTest.ts"
