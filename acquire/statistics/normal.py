"""The one figure of the normal distribution that all 90 % intervals share."""

# Half-width of a 90 % interval, in standard deviations.
Z_90 = 1.6448536269514722
