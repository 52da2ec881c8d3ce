"""Who asks, and what we owe them: tenants, people, roles, quotas, audit, encryption."""
