/**
 * Certificates that vouch for themselves, each the receiver's, the client's and the authority. For tests of TLS only.
 *
 * The first is for this machine and valid until 2126. Made with
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

interface Identity {
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
}

const identity = (cert: string, key: string): Identity => ({
  ca: Buffer.from(cert),
  cert: Buffer.from(cert),
  key: Buffer.from(key)
})

export const certificates = identity(cert, key)

/** Somebody else's, for this machine as well. */
export const strangers = identity(
  `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUSAYXhyxnnmy6n4HhJkUKvVLEiRMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTAzMjcxNVoYDzIxMjYxMTAx
MDMyNzE1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARk9H7MS7syq6YPiQVRBv4Y374J7T2hugG/UeRxkuFIUh3XNlys3PRu
VVc9lO7bNhrB9Vk3FhFhC2IVHUVQVP6co28wbTAdBgNVHQ4EFgQUMeBgTJySierG
wmMgDK2jDNjNF0AwHwYDVR0jBBgwFoAUMeBgTJySierGwmMgDK2jDNjNF0AwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAIOblZz4yaqnW6nYK7p42RWny3bX3XXr3SLSsHafx9UlAiBM
6lfQ7oorGiH+II62NRaUtMcJfOZIqcKn6uGSzvUKNQ==
-----END CERTIFICATE-----`,
  `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJ5mTwSQs1PTrZ/Ez
xDBa7YVLEDyP2e81EZTOADvL47qhRANCAARk9H7MS7syq6YPiQVRBv4Y374J7T2h
ugG/UeRxkuFIUh3XNlys3PRuVVc9lO7bNhrB9Vk3FhFhC2IVHUVQVP6c
-----END PRIVATE KEY-----`
)

/** For `collector.example` only. */
export const elsewhere = identity(
  `-----BEGIN CERTIFICATE-----
MIIBrTCCAVOgAwIBAgIUYud3qwCMc2rbpDhdJitQ8j55QNcwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRY29sbGVjdG9yLmV4YW1wbGUwIBcNMjYxMTI1MDMyNzE1WhgP
MjEyNjExMDEwMzI3MTVaMBwxGjAYBgNVBAMMEWNvbGxlY3Rvci5leGFtcGxlMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfn8jL68IiJxIdi5btvXJe6ISdgyDkvT9
KDgD0WtItRuDp41tfidrtPXq2v7AfeXnA1j5kI2lJuTbXU2Wiclis6NxMG8wHQYD
VR0OBBYEFPDvbu8sCaAjcPjefeMLqHU7/Qu8MB8GA1UdIwQYMBaAFPDvbu8sCaAj
cPjefeMLqHU7/Qu8MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4IRY29sbGVj
dG9yLmV4YW1wbGUwCgYIKoZIzj0EAwIDSAAwRQIhAMLSk2E4MZc1gLPlsQosDiew
iARDeIxOXbqbG960nlPOAiArWi7jbXXXfu8GfkqNlm95o7zwMatrorGXfR3pMH0L
sQ==
-----END CERTIFICATE-----`,
  `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8XR03r1/0VPsd8bk
3DD8oo5CyHH/6v6c3oPCgcTGGGyhRANCAAR+fyMvrwiInEh2Llu29cl7ohJ2DIOS
9P0oOAPRa0i1G4OnjW1+J2u09era/sB95ecDWPmQjaUm5NtdTZaJyWKz
-----END PRIVATE KEY-----`
)

/** For this machine, on one day of the year 2020. */
export const expired = identity(
  `-----BEGIN CERTIFICATE-----
MIIBZjCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwHhcNMjAwMTAxMDAwMDAwWhcNMjAwMTAyMDAwMDAwWjAUMRIwEAYDVQQDDAls
b2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATFk8oVmXuZWl1Es2M4
N5RF99ZruKzrDJiVarnlXeNBBy3eVbzpzQmGp82T5vowq6PKJyOCI6WSHXPIfPPx
moWSo04wTDAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcE
fwAAATAdBgNVHQ4EFgQUbFujIv0JSThPDkWNQEEqQjBSWcwwCgYIKoZIzj0EAwID
SQAwRgIhAPCmPRl4/fkKgrCzkq51yLqr27t7jPWJ0GEujUEBzIivAiEA/uPBq6wb
zeIqpQBibEemVZSamA+3nbj2Fefow/hrAVo=
-----END CERTIFICATE-----`,
  `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+XXSxt8a1gMUrtHr
PeUHRU9JIYAX4ZSp8dyiqDHH8WWhRANCAATFk8oVmXuZWl1Es2M4N5RF99ZruKzr
DJiVarnlXeNBBy3eVbzpzQmGp82T5vowq6PKJyOCI6WSHXPIfPPxmoWS
-----END PRIVATE KEY-----`
)
