// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A certificate for 127.0.0.1 that nobody trusts, and its key, which is no secret: for servers and clients of tests.
#pragma once

namespace klingv2a::test {

// Valid from 2026 for a hundred years.
constexpr const char* kCertificatePem = R"(-----BEGIN CERTIFICATE-----
MIIBkTCCATagAwIBAgIUHIKLh2/oRIpQjulLShlPv6HWxWswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMjIxMjI0NFoYDzIxMjYxMDI5
MjEyMjQ0WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARqHgCvH+PGVDboX8cAB6eCvUuQlq35ZRu1kx7SObKCVklF5GvqXmg1
kHdYbBjKjtQAmooYhPJq8JnKSHF8qXOko2QwYjAdBgNVHQ4EFgQUekpCcTHFQWwU
x4fcnQ/l0xmsSugwHwYDVR0jBBgwFoAUekpCcTHFQWwUx4fcnQ/l0xmsSugwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0kAMEYC
IQDY4zu40sihnU8x4KYMkHSCcT/vmKm0joMWWB8nYDrw3QIhALRaptnf4J6PdbwC
b8Yz+ft6xinAP6XMK6PAqg/IQ1tz
-----END CERTIFICATE-----
)";

constexpr const char* kPrivateKeyPem = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBTfwtAcgwMbtI1GV
Xxfs3W2P03/an3nS+VGD4X6GSO+hRANCAARqHgCvH+PGVDboX8cAB6eCvUuQlq35
ZRu1kx7SObKCVklF5GvqXmg1kHdYbBjKjtQAmooYhPJq8JnKSHF8qXOk
-----END PRIVATE KEY-----
)";

}  // namespace klingv2a::test
