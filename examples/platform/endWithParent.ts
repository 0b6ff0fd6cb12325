/**
 * Loaded before a process of the platform (`node --import`): ends it when whoever started it is gone, however that went.
 */
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume()
process.stdin.unref()
