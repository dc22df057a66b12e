package ingest

import (
	"encoding/json"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// DecodeHeartbeat reads the body of a heartbeat. Signals stay raw and share
// body; whatever is wrong inside one of them is found later, for it alone.
// Errors are CodeInvalid or CodeTooLarge.
func DecodeHeartbeat(body []byte) (wire.Heartbeat, error) {
	if len(body) > wire.MaxBodyBytes {
		return wire.Heartbeat{}, localplatform.Errorf(localplatform.CodeTooLarge, "the heartbeat is longer than %d bytes", wire.MaxBodyBytes)
	}
	signals, rest, err := splitSignals(body)
	if err != nil {
		return wire.Heartbeat{}, err
	}
	var h wire.Heartbeat
	if err := json.Unmarshal(rest, &h); err != nil {
		return wire.Heartbeat{}, localplatform.Errorf(localplatform.CodeInvalid, "not a heartbeat: %w", err)
	}
	if len(h.Signals) > 0 { // encoding/json does not mind the case of a name
		return wire.Heartbeat{}, localplatform.Errorf(localplatform.CodeInvalid, "not a heartbeat: signals must be written in lower case")
	}
	h.Signals = signals
	return h, nil
}

// DecodeLogin reads the body of a login. Errors are CodeInvalid.
func DecodeLogin(body []byte) (wire.Login, error) {
	var l wire.Login
	if err := json.Unmarshal(body, &l); err != nil {
		return l, localplatform.Errorf(localplatform.CodeInvalid, "not a login: %w", err)
	}
	return l, nil
}

// splitSignals takes the list of signals out of a heartbeat: it returns its
// items and the body with an empty list in its place. encoding/json would read
// every signal three times.
func splitSignals(body []byte) (signals []json.RawMessage, rest []byte, err error) {
	s := scanner{data: body}
	if s.open('{') != nil {
		return nil, nil, notHeartbeat(&s)
	}
	rest = make([]byte, 0, min(len(body), 4<<10))
	done, found := 0, false
	for n := 0; ; n++ {
		more, err := s.next(n, '}')
		if err != nil {
			return nil, nil, notHeartbeat(&s)
		}
		if !more {
			return signals, append(rest, body[done:]...), nil
		}
		key, err := s.key()
		if err != nil {
			return nil, nil, notHeartbeat(&s)
		}
		if string(key) != "signals" || s.peek() != '[' {
			if _, err := s.span(); err != nil {
				return nil, nil, notHeartbeat(&s)
			}
			continue
		}
		if found {
			return nil, nil, localplatform.Errorf(localplatform.CodeInvalid, "not a heartbeat: signals given twice")
		}
		found = true
		rest = append(rest, body[done:s.pos]...)
		if signals, err = items(&s); err != nil {
			return nil, nil, err
		}
		rest = append(rest, "[]"...)
		done = s.pos
	}
}

// items splits a list without looking into its items.
func items(s *scanner) ([]json.RawMessage, error) {
	if s.open('[') != nil {
		return nil, notHeartbeat(s)
	}
	list := []json.RawMessage{}
	for {
		more, err := s.next(len(list), ']')
		if err != nil {
			return nil, notHeartbeat(s)
		}
		if !more {
			return list, nil
		}
		if len(list) == wire.MaxSignals {
			return nil, localplatform.Errorf(localplatform.CodeTooLarge, "more than %d signals in one heartbeat", wire.MaxSignals)
		}
		raw, err := s.span()
		if err != nil {
			return nil, notHeartbeat(s)
		}
		list = append(list, raw)
	}
}

func notHeartbeat(s *scanner) error {
	return localplatform.Errorf(localplatform.CodeInvalid, "not a heartbeat: %w", s.syntax())
}
