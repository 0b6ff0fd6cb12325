#!/usr/bin/env node
/**
 * The command line, `gorax-tracing`. One line for each command; each lives in a file of its own.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Delivery from "../layers/Delivery.ts"
import * as DoctorCommand from "./DoctorCommand.ts"
import * as ExplainCommand from "./ExplainCommand.ts"
import * as SpoolCommand from "./SpoolCommand.ts"
import * as ViewCommand from "./ViewCommand.ts"

Command.make("gorax-tracing").pipe(
  Command.withDescription("Looks after the spans of @gorax/tracing"),
  Command.withSubcommands([
    // One line a command
    DoctorCommand.command,
    ExplainCommand.command,
    SpoolCommand.command,
    ViewCommand.command
  ]),
  Command.run({ version: Delivery.version }),
  // What is asked for goes to standard output, and nothing else
  Effect.provideService(Logger.LogToStderr, true),
  Effect.provideService(References.MinimumLogLevel, "Warn"),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
