package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"crypto/rand"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Everything that this implementation makes of a tree of its own, for each of its sizes.
type madeTree struct {
	Leaves      [][]byte `json:"leaves"`
	Roots       [][]byte `json:"roots"` // Of size 1, 2, …
	Origin      string   `json:"origin"`
	Key         []byte   `json:"key"`
	Notes       [][]byte `json:"notes"` // Likewise, signed by Key and cosigned by Witness.
	Witness     string   `json:"witness"`
	WitnessKey  []byte   `json:"witnessKey"`
	TimeSeconds uint64   `json:"timeSeconds"`

	Inclusions    []madeProof `json:"inclusions"`
	Consistencies []madeProof `json:"consistencies"`
}

// Of leaf At in the tree of Size, or from the tree of size At to that of Size.
type madeProof struct {
	At   int64    `json:"at"`
	Size int64    `json:"size"`
	Path [][]byte `json:"path"`
}

func makeTree(size int64) (*madeTree, error) {
	made := &madeTree{Origin: "sumdb.example/log", Witness: "sumdb.example/witness"}
	skey, err := made.makeKeys()
	if err != nil {
		return nil, err
	}
	witness, err := newWitness(made)
	if err != nil {
		return nil, err
	}
	var stored hashes
	for n := int64(0); n < size; n++ {
		added, err := tlog.StoredHashes(n, []byte(fmt.Sprintf("record %d", n)), stored)
		if err != nil {
			return nil, err
		}
		stored = append(stored, added...)
		made.Leaves = append(made.Leaves, bytesOf(added[0]))
		if err := made.addTree(n+1, stored, skey, witness); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func (made *madeTree) makeKeys() (note.Signer, error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, made.Origin)
	if err != nil {
		return nil, err
	}
	// "<name>+<hash>+<type and key>"
	encoded := vkey[len(vkey)-44:]
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	made.Key = key[1:]
	return note.NewSigner(skey)
}

func (made *madeTree) addTree(size int64, stored hashes, signer, witness note.Signer) error {
	root, err := tlog.TreeHash(size, stored)
	if err != nil {
		return err
	}
	made.Roots = append(made.Roots, bytesOf(root))
	text := fmt.Sprintf("%s\n%d\n%s\n", made.Origin, size, root)
	signed, err := note.Sign(&note.Note{Text: text}, signer, witness)
	if err != nil {
		return err
	}
	made.Notes = append(made.Notes, signed)
	for at := int64(0); at < size; at++ {
		path, err := tlog.ProveRecord(size, at, stored)
		if err != nil {
			return err
		}
		made.Inclusions = append(made.Inclusions, proofOf(at, size, path))
	}
	for at := int64(1); at <= size; at++ {
		path, err := tlog.ProveTree(size, at, stored)
		if err != nil {
			return err
		}
		made.Consistencies = append(made.Consistencies, proofOf(at, size, path))
	}
	return nil
}

// A witness signs https://c2sp.org/tlog-cosignature lines of type 0x04.
type witness struct {
	cosigner
	secret      ed25519.PrivateKey
	timeSeconds uint64
}

func newWitness(made *madeTree) (note.Signer, error) {
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	made.WitnessKey = public
	made.TimeSeconds = uint64(time.Now().Unix())
	return witness{cosigner{made.Witness, public}, secret, made.TimeSeconds}, nil
}

func (w witness) Sign(msg []byte) ([]byte, error) {
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", w.timeSeconds, msg)
	sig := make([]byte, 8)
	binary.BigEndian.PutUint64(sig, w.timeSeconds)
	return append(sig, ed25519.Sign(w.secret, []byte(signed))...), nil
}

// Stored hashes in memory.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	read := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		read[i] = h[index]
	}
	return read, nil
}

func proofOf(at, size int64, path []tlog.Hash) madeProof {
	proof := madeProof{At: at, Size: size, Path: [][]byte{}}
	for _, hash := range path {
		proof.Path = append(proof.Path, bytesOf(hash))
	}
	return proof
}

func bytesOf(hash tlog.Hash) []byte {
	return hash[:]
}
