/**
 * Secrets that nobody has, each as it looks in real life, and what looks like one and is none.
 */

const base64 = (text: string): string => Buffer.from(text).toString("base64")
const base64url = (text: string): string => Buffer.from(text).toString("base64url")

/** Put together here, so that no scanner of repositories stumbles over what is no secret. */
const joined = (...parts: ReadonlyArray<string>): string => parts.join("")

const digits = "Canary0123456789"
const pem = joined("PRIV", "ATE KEY-----")

/** By the rule that finds each without being told what it is. All of them say that they are canaries. */
export const bySight: Readonly<Record<string, string>> = {
  jwt: joined(
    base64url('{"alg":"HS256","typ":"JWT"}'),
    ".",
    base64url('{"sub":"canary","admin":true}'),
    ".",
    base64url("signature-of-canary-0123")
  ),
  github: joined("gh", "p_", digits, digits, "abcd"),
  gitlab: joined("gl", "pat-", digits, "abcd"),
  stripe: joined("sk_", "live_", digits, "abcdefgh"),
  slack: joined("xo", "xb-123456789012-", digits, "abcdef"),
  aws: joined("AK", "IACANARY0123456789"),
  google: joined("AI", "za", digits, "abcdefghijklmnopqrst"),
  npm: joined("np", "m_", digits, digits, "abcd"),
  pem: joined("-----BEGIN ", pem, "\n", base64("canary".repeat(20)), "\n-----END ", pem),
  card: "4111 1111 1111 1111"
}

/** What only a name gives away. */
export const password = "hunter2-Canary"

/** All of them. */
export const all: ReadonlyArray<readonly [name: string, secret: string]> = [
  ...Object.entries(bySight),
  ["auth", `Bearer ${base64url("canary-of-bearer")}`],
  ["auth", `Basic ${base64("ada:hunter2-Canary")}`]
]

/** Texts of everyday spans, none of which holds a secret, though some look as if they did. */
export const benign: ReadonlyArray<string> = [
  "workflow.step.execute",
  "charge-card",
  "exec-1",
  "GET /api/v1/workflows/:id/execute",
  "550e8400-e29b-41d4-a716-446655440000",
  "4111111111111112",
  "4bf92f3577b34da6a3ce929d0e0e4736",
  "00f067aa0ba902b7",
  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  "2026-11-25T03:00:00.000Z",
  "1764039600000",
  "1764039600000000000",
  "http://localhost:4318/v1/traces",
  "https://api.example.com/orders/A-1001?page=2&sort=created_at#items",
  "https://medium.com/@ada/how-to-write-a-token-bucket-in-3-steps-1f2e3d",
  "/srv/app/src/auth/OAuth2Strategy.ts",
  "order A-1002 was never paid, so there is nothing to give back",
  "Unexpected token o in JSON at position 1",
  "basic authentication failed",
  "bearer of good news",
  "the secret ingredient is patience",
  "password must have at least 8 characters",
  "token_type=bearer",
  "session_count=3",
  "max_tokens: 4096",
  "TypeError: Cannot read properties of undefined (reading 'token')\n    at Object.<anonymous> (file:///srv/app/src/Tokens.ts:12:34)",
  "    at SpanFrame.run (file:///srv/app/node_modules/@gorax/tracing/src/tracer/SpanFrame.ts:123:45)",
  "connect ECONNREFUSED 127.0.0.1:5432",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "SELECT id, total FROM orders WHERE tenant_id = $1 AND created_at > $2",
  '{"orderId":"A-1001","total":4990,"lines":[{"sku":"teapot","quantity":1}]}',
  '{"valid":true,"keys":["a","b"],"author":"Ada","signal":"SIGTERM"}',
  "retry 3 of 5 after 250ms",
  "sk-learn-pipeline-of-customer-churn",
  "task_live_update_of_customers",
  "getPaymentReceiptForCustomerAndOrder",
  "VGhpcyBpcyBub3QgYSBzZWNyZXQgYXQgYWxsLg==",
  "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pw==",
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ2FuYXJ5\n-----END CERTIFICATE-----",
  "0.4242424242424242",
  "10.0.0.1, 192.168.0.7",
  "caf\u00e9 \u2615 \u0437\u0430\u043a\u0430\u0437 \u6ce8\u6587",
  "ORD%20A%2D1001",
  "q=tea+cups&lang=en",
  "text/html; charset=utf-8",
  'W/"5f3c-18c2b7d0"',
  "arn:aws:sqs:eu-central-1:123456789012:orders",
  "registry.example.com/orders:1.4.2@sha256:0f1e2d3c",
  "traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
]

/** Keys of everyday spans. */
export const benignKeys: ReadonlyArray<string> = [
  "tenant_id",
  "workflow_id",
  "execution_id",
  "node_id",
  "node_type",
  "auth_type",
  "credential.count",
  "validation_passed",
  "http.request.method",
  "http.response.status_code",
  "url.path",
  "user_agent.original",
  "messaging.message.id",
  "db.query.text",
  "gen_ai.usage.output_tokens",
  "token_type",
  "author",
  "session_count",
  "keyboard",
  "signal",
  "passenger.count"
]
