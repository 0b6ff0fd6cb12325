/**
 * Starts the service for the official harness, until it is interrupted:
 *
 * ```sh
 * npm run conformance:service -- --port 5000
 * SPEC_LEVEL=2 STRICT_LEVEL=2 python3 test.py http://127.0.0.1:5000/test     # in a clone of w3c/trace-context, folder test
 * ```
 */
import { NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { parseArgs } from "node:util"
import * as Service from "./traceContextService.ts"

const { values } = parseArgs({ options: { port: { type: "string", default: "5000" } } })

NodeRuntime.runMain(Layer.launch(Service.layer(Number(values.port))))
