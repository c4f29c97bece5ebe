"""Money: subscriptions, invoices, payments, refunds, disputes, payouts. Amounts are whole numbers throughout."""
