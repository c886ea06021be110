package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"hash"
)

// signing returns what is kept of a secret so that HMAC-SHA256 signatures made with it can be checked, and it does not
// follow from that: the states of the two hashes after the block that each begins with, in the form of crypto/sha256.
func (s Secrets) signing() []byte {
	key := []byte(s.Secret)
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	var states []byte
	for _, pad := range []byte{0x36, 0x5c} { // RFC 2104
		block := bytes.Repeat([]byte{pad}, sha256.BlockSize)
		for i, b := range key {
			block[i] ^= b
		}
		h := sha256.New()
		_, _ = h.Write(block) // a hash takes everything
		states, _ = h.(encoding.BinaryAppender).AppendBinary(states)
	}
	return states
}

// signed reports whether a signature of a message was made with the secret of which these are the states.
func signed(states, message, signature []byte) (bool, error) {
	half := len(states) / 2 //nolint:mnd // one state for each hash
	inner, err := resumed(states[:half])
	if err != nil {
		return false, err
	}
	outer, err := resumed(states[half:])
	if err != nil {
		return false, err
	}
	_, _ = inner.Write(message)
	_, _ = outer.Write(inner.Sum(nil))
	return hmac.Equal(outer.Sum(nil), signature), nil
}

// resumed returns a hash that goes on from a state.
func resumed(state []byte) (hash.Hash, error) {
	h := sha256.New()
	u, ok := h.(encoding.BinaryUnmarshaler)
	if !ok {
		return nil, errors.New("SHA-256 cannot be resumed")
	}
	if err := u.UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("resume SHA-256: %w", err)
	}
	return h, nil
}
