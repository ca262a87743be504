"""What a network's own history teaches: free prefixes, bundles, end-priced switches, test accounts; proposals only."""
