package shop

import (
	"context"

	"github.com/sqreen/sqreen/agentkit"
)

// What the shop tells its agent. Without one these calls do nothing.

func (s *Shop) reportSignup(ctx context.Context, id int64, email string) {
	s.log.Info("signup", "user", id)
	agentkit.FromContext(ctx).TrackSignup(user(email))
}

func (s *Shop) reportLogin(ctx context.Context, v *visitor, email string) {
	s.log.Info("login", "success", v != nil)
	if v == nil {
		agentkit.FromContext(ctx).TrackLoginFailure(user(email))
		return
	}
	agentkit.FromContext(ctx).TrackLoginSuccess(user(v.Email))
}

// reportUser says whose request this is. The error says that the user is
// blocked; the page is then not shown.
func (s *Shop) reportUser(ctx context.Context, v *visitor) error {
	return agentkit.FromContext(ctx).Identify(user(v.Email))
}

func (s *Shop) reportOrder(ctx context.Context, v *visitor, items, total int64) {
	s.log.Info("order", "user", v.ID, "items", items, "total", total)
	agentkit.FromContext(ctx).Track("order.placed", agentkit.WithUser(user(v.Email)),
		agentkit.WithProperties(map[string]any{"items": items, "total_cents": total}))
}

// user names a user as the shop knows them.
func user(email string) map[string]string { return map[string]string{"email": email} }
