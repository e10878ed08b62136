package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A question is one of: the hash of a record, an inclusion proof, a consistency proof, a signed note. Bytes are base64.
type question struct {
	Kind string

	Record []byte

	Path  [][]byte
	Index int64
	Leaf  []byte
	Size  int64
	Root  []byte

	FromSize int64
	FromRoot []byte

	Note []byte
	Keys []key
}

// An answer without Error is a yes.
type answer struct {
	Error string `json:"error"`
	Hash  []byte `json:"hash,omitempty"`
	Text  string `json:"text,omitempty"`
	// Names of the keys whose signature is good, and of those that are not known here.
	Verified []string `json:"verified,omitempty"`
	Unknown  []string `json:"unknown,omitempty"`
}

func (q *question) check() answer {
	switch q.Kind {
	case "record":
		hash := tlog.RecordHash(q.Record)
		return answer{Hash: hash[:]}
	case "inclusion":
		root, err1 := hashOf(q.Root)
		leaf, err2 := hashOf(q.Leaf)
		path, err3 := hashesOf(q.Path)
		if err := first(err1, err2, err3); err != nil {
			return answer{Error: err.Error()}
		}
		return verdict(tlog.CheckRecord(path, q.Size, root, q.Index, leaf))
	case "consistency":
		root, err1 := hashOf(q.Root)
		fromRoot, err2 := hashOf(q.FromRoot)
		path, err3 := hashesOf(q.Path)
		if err := first(err1, err2, err3); err != nil {
			return answer{Error: err.Error()}
		}
		return verdict(tlog.CheckTree(path, q.Size, root, q.FromSize, fromRoot))
	case "note":
		return openNote(q.Note, q.Keys)
	}
	return answer{Error: "unknown kind of question " + q.Kind}
}

func verdict(err error) answer {
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{}
}

func openNote(bytes []byte, keys []key) answer {
	verifiers := make([]note.Verifier, len(keys))
	for i, key := range keys {
		verifier, err := key.verifier()
		if err != nil {
			return answer{Error: err.Error()}
		}
		verifiers[i] = verifier
	}
	opened, err := note.Open(bytes, note.VerifierList(verifiers...))
	if err != nil {
		return answer{Error: err.Error()}
	}
	said := answer{Text: opened.Text}
	for _, sig := range opened.Sigs {
		said.Verified = append(said.Verified, sig.Name)
	}
	for _, sig := range opened.UnverifiedSigs {
		said.Unknown = append(said.Unknown, sig.Name)
	}
	return said
}

const (
	typeEd25519     = 0x01
	typeCosignature = 0x04
)

type key struct {
	Name string
	Type byte
	Key  []byte
}

func (k key) verifier() (note.Verifier, error) {
	switch k.Type {
	case typeEd25519:
		text, err := note.NewEd25519VerifierKey(k.Name, k.Key)
		if err != nil {
			return nil, err
		}
		return note.NewVerifier(text)
	case typeCosignature:
		return cosigner{k.Name, k.Key}, nil
	}
	return nil, fmt.Errorf("no verifier for keys of type %#x", k.Type)
}

// A cosigner verifies https://c2sp.org/tlog-cosignature lines of type 0x04: a time, and a signature over it and the note.
type cosigner struct {
	name string
	key  ed25519.PublicKey
}

func (c cosigner) Name() string { return c.name }

func (c cosigner) KeyHash() uint32 {
	hash := sha256.Sum256(append(append([]byte(c.name+"\n"), typeCosignature), c.key...))
	return binary.BigEndian.Uint32(hash[:])
}

func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

func hashOf(bytes []byte) (tlog.Hash, error) {
	var hash tlog.Hash
	if len(bytes) != tlog.HashSize {
		return hash, fmt.Errorf("a hash of %d bytes", len(bytes))
	}
	copy(hash[:], bytes)
	return hash, nil
}

func hashesOf(all [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(all))
	for i, bytes := range all {
		hash, err := hashOf(bytes)
		if err != nil {
			return nil, err
		}
		hashes[i] = hash
	}
	return hashes, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
