"""What is found, by bucket, kind, extension, size, date, writer, tag, storage class, metadata; and how a bucket grew.

Counts are right under filters: a facet is counted under all that the query says but of that facet itself, so each of
its values tells what would be found by it instead.
"""

from bucketdex.searching.facets.choosing import DEFAULT, facets
from bucketdex.searching.facets.growth import Growth, growth
from bucketdex.searching.facets.told import Facet, Facets, FacetValue

__all__ = ["DEFAULT", "Facet", "FacetValue", "Facets", "Growth", "facets", "growth"]
