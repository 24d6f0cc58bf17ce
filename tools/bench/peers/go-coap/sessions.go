package main

import (
	"sync"

	piondtls "github.com/pion/dtls/v3"
)

// sessions remembers every session for resumption (RFC 5246 §7.3); pion keeps none unless it is given a store.
type sessions struct {
	byKey sync.Map
}

func (s *sessions) Set(key []byte, session piondtls.Session) error {
	s.byKey.Store(string(key), session)
	return nil
}

func (s *sessions) Get(key []byte) (piondtls.Session, error) {
	session, found := s.byKey.Load(string(key))
	if !found {
		return piondtls.Session{}, nil
	}
	return session.(piondtls.Session), nil
}

func (s *sessions) Del(key []byte) error {
	s.byKey.Delete(string(key))
	return nil
}
