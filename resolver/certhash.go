package resolver

import (
	"crypto/sha256"
	"crypto/tls"
	"slices"
)

// checkHashes accepts a verified connection only if one certificate of a
// verified chain has one of the given digests of its TBS part.
func checkHashes(st tls.ConnectionState, hashes [][32]byte) error {
	for _, chain := range st.VerifiedChains {
		for _, c := range chain {
			if slices.Contains(hashes, sha256.Sum256(c.RawTBSCertificate)) {
				return nil
			}
		}
	}
	return errCertHash
}
