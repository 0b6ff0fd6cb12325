/**
 * Stands for what was removed, as OpenTelemetry's conventions for URLs have it. Where redaction knows more it says more
 * behind it: `REDACTED:jwt`. In a file of its own for the viewer's page, which needs to know nothing else of secrets.
 */
export const mask = "REDACTED"
