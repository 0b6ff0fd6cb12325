/**
 * Every span name that the platform gives, spelled once.
 *
 * Names are few and stable: what a thing is called goes into an attribute,
 * never into the name of its span.
 */
export const workflow = "workflow.execute"
export const subWorkflow = "workflow.sub_workflow"
export const step = "workflow.step.execute"
export const iteration = "workflow.loop.iteration"
export const branch = "workflow.parallel.branch"
export const attempt = "workflow.retry.attempt"
export const credentials = "workflow.credential.inject"
export const script = "javascript.execute"
export const httpAction = "http.action"
export const transformAction = "transform.action"
export const publish = "queue.publish"
export const process = "queue.process_message"
export const webhookReceive = "webhook.receive"
export const webhookValidate = "webhook.validate"
export const webhookStore = "webhook.event.store"
export const webhookReplay = "webhook.replay"
export const webhookReplayBatch = "webhook.batch_replay"
