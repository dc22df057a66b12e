package planted

// Secrets that no customer is ever shown.
const (
	// SecretFile lies beside the image directory, so that "../" reaches it.
	SecretFile = "config/secrets.env"
	// SecretFileText is what an attacker reads in SecretFile.
	SecretFileText = "# Lanternfish, payment settings (planted for the demo)\nPAYMENT_KEY=" + PaymentKey + "\n"
	// PaymentKey marks SecretFileText in an answer.
	PaymentKey = "planted-payment-key-7Q2XK"
	// MetadataKey is what the shop's pretended cloud hands to whoever fetches
	// MetadataURL from inside.
	MetadataKey = "planted-cloud-key-ZK81M"
	// MetadataURL is where clouds keep credentials. The shop answers it itself:
	// no request leaves the machine.
	MetadataURL = "http://169.254.169.254/latest/meta-data/iam/security-credentials/shop"
)

// PartnerURLs are pages that customers ask the shop to preview. The shop answers
// them itself, too.
func PartnerURLs() []string {
	return []string{
		"http://lampcare.example/how-to-clean-brass",
		"https://hygge.example/10-warm-corners?utm_source=lanternfish&utm_medium=select",
		"http://obrien-interiors.example/o'brien's-kitchen",
		"https://forum.example/threads/union-street-market-lamp-or-not",
	}
}
