package shop

import "context"

func (s *Shop) reportSignup(_ context.Context, id int64, email string) {
	s.log.Info("signup", "user", id, "email", email)
}

func (s *Shop) reportLogin(_ context.Context, v *visitor, email string) {
	s.log.Info("login", "email", email, "success", v != nil)
}

func (s *Shop) reportUser(_ context.Context, v *visitor) {
	s.log.Debug("request", "user", v.ID)
}

func (s *Shop) reportOrder(_ context.Context, v *visitor, items, total int64) {
	s.log.Info("order", "user", v.ID, "items", items, "total", total)
}
