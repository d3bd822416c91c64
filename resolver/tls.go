package resolver

import (
	"context"
	"crypto/tls"

	"dotproxy/resolver/provider"
)

// tlsConfig is what every connection to up shares, the session tickets
// included (RFC 8446 section 2.2).
func tlsConfig(f *forwarder, up *upstream) *tls.Config {
	conf := &tls.Config{
		ServerName:                  up.cfg.Name,
		RootCAs:                     f.roots,
		MinVersion:                  tls.VersionTLS12,
		NextProtos:                  []string{"dot"}, // RFC 7858 section 7.1
		VerifyConnection:            verifier(up.cfg),
		GetClientCertificate:        prove(up.cfg),
		DynamicRecordSizingDisabled: true, // many queries share a record
	}
	if up.cfg.PinsOnly {
		conf.InsecureSkipVerify = true // verifier does all of it
	}
	if up.cfg.ClientCert == "" {
		// A resumed session would stand for the certificate that we showed when
		// it began, which may have been renewed since.
		conf.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	}
	return conf
}

// handshake is what one handshake tells beyond its outcome.
type handshake struct{ askedProof bool }

// handshakeKey is the key of a *handshake in the context of a TLS handshake.
type handshakeKey struct{}

// prove shows the server our certificate, where we have one. It is called when
// the server asks for one, after its own was verified. The files are read anew
// each time: handshakes are rare, and so a renewed certificate is used without
// a restart.
func prove(up provider.Upstream) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if h, ok := asked.Context().Value(handshakeKey{}).(*handshake); ok {
			h.askedProof = true
		}
		if up.ClientCert == "" {
			return new(tls.Certificate), nil // says that we have none
		}
		return loadClientCert(up.ClientCert, up.ClientKey)
	}
}

// shake does the TLS handshake.
func shake(ctx context.Context, t *tls.Conn, up provider.Upstream) error {
	h := new(handshake)
	err := t.HandshakeContext(context.WithValue(ctx, handshakeKey{}, h))
	return inHandshake(err, up, h.askedProof)
}

// describe is what a handshake came to.
func describe(st tls.ConnectionState) *Connection {
	c := &Connection{TLS: tls.VersionName(st.Version), Cipher: tls.CipherSuiteName(st.CipherSuite), Resumed: st.DidResume}
	if st.CurveID != 0 {
		c.KeyExchange = st.CurveID.String()
	}
	return c
}

// inHandshake judges how a handshake ended. Before TLS 1.3 a missing
// certificate has no alert of its own, and so it matters whether one was asked
// for.
func inHandshake(err error, up provider.Upstream, asked bool) error {
	alert, ok := remoteAlert(err)
	if ok && asked && (aboutProof(alert) || alert == alertHandshakeFailure) {
		return &proofError{had: up.ClientCert != "", err: err}
	}
	return err
}

// proofError says that a server ended a connection because of our certificate,
// or because we have none.
type proofError struct {
	had bool
	err error
}

func (e *proofError) Error() string { return "client certificate: " + e.err.Error() }
func (e *proofError) Unwrap() error { return e.err }

// afterHandshake judges the end of a connection: with TLS 1.3 the server looks
// at our certificate only after the handshake is over for us (RFC 8446 section
// 4.4.2.4), and so its refusal comes in the place of the first answer.
func afterHandshake(err error, up provider.Upstream) error {
	alert, ok := remoteAlert(err)
	if ok && (alert == alertCertificateRequired || up.ClientCert != "" && aboutProof(alert)) {
		return &proofError{had: up.ClientCert != "", err: err}
	}
	return err
}
