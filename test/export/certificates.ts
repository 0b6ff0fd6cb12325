/**
 * A certificate for this machine that vouches for itself: the receiver's, the client's, and the authority.
 *
 * For tests of TLS only; valid until 2126. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 * -addext subjectAltName=DNS:localhost,IP:127.0.0.1`.
 */
const cert = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUQhyW7Al0Uvm+XrxuKHCaXXKBjTwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTAwMjMyM1oYDzIxMjYxMTAx
MDAyMzIzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ148tm2uEtyUTMa4AxDX6DgG8/LgiqsLUUhj+2iStfZr1pBbj2Mqp2
USttbiBhrX4myzIdliitdBfWvRl/uK6+o28wbTAdBgNVHQ4EFgQU/Ayo3Qkicuv/
PJTFe6UW8qODBQ4wHwYDVR0jBBgwFoAU/Ayo3Qkicuv/PJTFe6UW8qODBQ4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAL4b1ok0nqhO/aI1aQRT/y6VUBtRv44+XKnbIdD3hDMRAiEA
6K7O2olBe0VRr8jJ2D7xGnIZSktPtP58y07coWF3CHc=
-----END CERTIFICATE-----`

const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg316c+shnyfQmJIv6
iXCcNCgDOKZOUB9pc7q7rSfX6PahRANCAAQ148tm2uEtyUTMa4AxDX6DgG8/Lgiq
sLUUhj+2iStfZr1pBbj2Mqp2USttbiBhrX4myzIdliitdBfWvRl/uK6+
-----END PRIVATE KEY-----`

export const certificates = { ca: Buffer.from(cert), cert: Buffer.from(cert), key: Buffer.from(key) }
