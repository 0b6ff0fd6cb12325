/**
 * What an order's trace looks like, whoever keeps it: our receiver or somebody's backend.
 */

/** The attributes in the picture. */
export const inFulfilOrder = ["node_id", "parallel.branch.name", "loop.iteration.index", "retry.attempt"] as const

export const fulfilOrder = `\
POST /api/v1/workflows/:id/execute
└─ queue.publish
   └─ queue.process_message
      └─ workflow.execute
         ├─ workflow.parallel.branch parallel.branch.name=stock
         │  └─ workflow.step.execute node_id=reserve-stock
         │     └─ http.action
         │        └─ POST /inventory/reservations
         │           └─ POST /inventory/reservations
         ├─ workflow.parallel.branch parallel.branch.name=payment
         │  └─ workflow.step.execute node_id=charge-card
         │     ├─ workflow.retry.attempt node_id=charge-card retry.attempt=1 ✗ CardDeclined
         │     │  └─ http.action ✗ CardDeclined
         │     │     └─ POST /payments ✗ 402
         │     │        └─ POST /payments
         │     └─ workflow.retry.attempt node_id=charge-card retry.attempt=2
         │        └─ http.action
         │           └─ POST /payments
         │              └─ POST /payments
         ├─ workflow.loop.iteration loop.iteration.index=0
         │  └─ workflow.step.execute node_id=ship-line
         │     └─ http.action
         │        └─ POST /inventory/{sku}/shipments
         │           └─ POST /inventory/:sku/shipments
         ├─ workflow.loop.iteration loop.iteration.index=1
         │  └─ workflow.step.execute node_id=ship-line
         │     └─ http.action
         │        └─ POST /inventory/{sku}/shipments
         │           └─ POST /inventory/:sku/shipments
         └─ workflow.step.execute node_id=confirm
            └─ workflow.sub_workflow
               └─ workflow.execute
                  ├─ workflow.step.execute node_id=write-message
                  │  ├─ transform.action
                  │  └─ javascript.execute
                  └─ workflow.step.execute node_id=send-message
                     └─ http.action
                        └─ POST /crm/messages
                           └─ POST /crm/messages`
