/**
 * Certificates that are not as they should be, each vouching for itself: for tests of the doctor only.
 *
 * Made with `openssl ca -selfsign -startdate 20200101000000Z -enddate 20210101000000Z` for this machine, and with
 * `openssl req -x509 -days 36500 -subj /CN=collector.example` for another. What is right is in test/export/certificates.ts.
 */
const pair = (cert: string, key: string) => ({ ca: Buffer.from(cert), cert: Buffer.from(cert), key: Buffer.from(key) })

/** For localhost, until 2021. */
export const expired = pair(
  `-----BEGIN CERTIFICATE-----
MIIBZTCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAls
b2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQOKsrjodxZFeNl8sHJ
fu5AP7zhXaJG5KdlDuNNJ5iKOYFevmlUTn1sZQNNKqdozacHjIUf0hFKrgBN66O9
VBKVo04wTDAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwDwYDVR0TAQH/BAUw
AwEB/zAdBgNVHQ4EFgQU7Lwz+QPkmRX2G6HJfOGXP9TzEJEwCgYIKoZIzj0EAwID
SAAwRQIhAIKcIm2bKfG8oCvQn7WamJeviwXLeBLy+LEzXATthNlIAiB9J2GoHg2+
hdlVKxDjig8tDAyn0IPhmsbQlG5uZLsSOQ==
-----END CERTIFICATE-----`,
  `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgn2iwjHKDdjSaa+xc
t5Cug3uzJbUC1PeEpPzS/G8R51ShRANCAAQOKsrjodxZFeNl8sHJfu5AP7zhXaJG
5KdlDuNNJ5iKOYFevmlUTn1sZQNNKqdozacHjIUf0hFKrgBN66O9VBKV
-----END PRIVATE KEY-----`
)

/** For collector.example alone. */
export const ofAnother = pair(
  `-----BEGIN CERTIFICATE-----
MIIBrjCCAVOgAwIBAgIUcss0v/KgLT9wpU0+EX/1lRwwWeYwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRY29sbGVjdG9yLmV4YW1wbGUwIBcNMjYxMTI1MDMwMzA5WhgP
MjEyNjExMDEwMzAzMDlaMBwxGjAYBgNVBAMMEWNvbGxlY3Rvci5leGFtcGxlMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEpIxddGYP0nn64edO/YcnEWpKRpxdavfb
pNI95anX0J0esyzqY00bamE2Ej1og+5rQ1Bodwk/e6aKY2YeekFH6qNxMG8wHQYD
VR0OBBYEFGhY3gw3LX6PPQQlBhVkZpLHo/YJMB8GA1UdIwQYMBaAFGhY3gw3LX6P
PQQlBhVkZpLHo/YJMA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4IRY29sbGVj
dG9yLmV4YW1wbGUwCgYIKoZIzj0EAwIDSQAwRgIhAJ288Mr16tqgX83D513SJi6m
ObmtahNO9AExMj1GLW1HAiEA+edHU8tPDsnU2fH8d4GSoJVkjbfSM3oRkCVRVniN
AUU=
-----END CERTIFICATE-----`,
  `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQjthnQJlQaWPSKx9
JqYVXmIYe+OU4igpqJ+iCJI8l7ahRANCAASkjF10Zg/Sefrh5079hycRakpGnF1q
99uk0j3lqdfQnR6zLOpjTRtqYTYSPWiD7mtDUGh3CT97popjZh56QUfq
-----END PRIVATE KEY-----`
)
