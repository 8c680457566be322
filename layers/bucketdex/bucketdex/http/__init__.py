"""HTTP behind the load balancer, which API and catalog share: events, compression, ETags, errors."""
