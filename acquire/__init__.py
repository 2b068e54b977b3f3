"""Acquire's engine: bytes, readers and numbers in, numbers out.

The stages, in the order the data flows; none imports another, `campaigns.plan` joins them:

    ingest       files -> accepted and quarantined rows; a made-up market whose truth is known
    prefilter    consent, policy rules, a white-box scorecard: who may be contacted, who is likely to go bad
    uplift       what each offer changes for each lead, and the evidence for it
    value        what one contact is expected to cost and to bring; what a plan's totals will really be
    allocate     who is contacted with which offer, within every limit, with a proof of how good the plan is
    monitor      what comes back: partners whose traffic is no longer what it was (drift, vintages, stop-loss later)

They share `domain` (words), `frames`, `scored` and `partner_weeks` (tables between stages),
`statistics`, `modelfile` and `errors`.

The engine never opens a database or a socket, never reads the clock, the environment or a setting, and never prints: time,
randomness and paths come in as arguments.
"""
