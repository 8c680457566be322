"""What a complete OpenSearch is made of: the files of the Maven repository, and where each of them belongs."""

from typing import NamedTuple

VERSION = "3.3.2"


class Part(NamedTuple):
    """A file of the Maven repository. `place` is the module it joins, or `server` or `locale`."""

    place: str
    group: str
    version: str
    artifact: str

    @property
    def packaging(self) -> str:
        """The kind of file: the server is a zip, everything else a jar."""
        return "zip" if self.place == "server" else "jar"


class Module(NamedTuple):
    """What a module's descriptor says; the jars carry none."""

    class_name: str
    extends: str = ""


# `server` is the real distribution with the transport modules only; it is unpacked. `locale` joins the class path of a
# Java with few locales. The others are modules. A jar that stands in the distribution's lib/, as reactor-core does,
# must not stand in a module again ("jar hell").
ARTIFACTS = f"""
server            org.opensearch.distribution.integ-test-zip {VERSION} opensearch
lang-painless     org.opensearch.plugin                      {VERSION} lang-painless opensearch-scripting-painless-spi
lang-painless     org.antlr                                  4.13.1    antlr4-runtime
lang-painless     org.ow2.asm                                9.7       asm asm-analysis asm-commons asm-tree asm-util
analysis-common   org.opensearch.plugin                      {VERSION} analysis-common
mapper-extras     org.opensearch.plugin                      {VERSION} mapper-extras-client
parent-join       org.opensearch.plugin                      {VERSION} parent-join-client
aggs-matrix-stats org.opensearch.plugin                      {VERSION} aggs-matrix-stats-client
reindex           org.opensearch.plugin                      {VERSION} reindex-client
reindex           org.opensearch.client                      {VERSION} opensearch-rest-client
reindex           org.opensearch                             {VERSION} opensearch-ssl-config
reindex           org.apache.httpcomponents.client5          5.4.4     httpclient5
reindex           org.apache.httpcomponents.core5            5.3.4     httpcore5 httpcore5-h2 httpcore5-reactive
reindex           commons-codec                              1.18.0    commons-codec
reindex           commons-logging                            1.2       commons-logging
reindex           org.slf4j                                  2.0.17    slf4j-api
locale            com.ibm.icu                                77.1      icu4j icu4j-localespi
"""

PARTS = tuple(
    Part(place, group, version, artifact)
    for place, group, version, *artifacts in map(str.split, ARTIFACTS.strip().splitlines())
    for artifact in artifacts
)

MODULES = {
    "lang-painless": Module("org.opensearch.painless.PainlessModulePlugin"),
    "analysis-common": Module("org.opensearch.analysis.common.CommonAnalysisModulePlugin", extends="lang-painless"),
    "mapper-extras": Module("org.opensearch.index.mapper.MapperExtrasModulePlugin"),
    "parent-join": Module("org.opensearch.join.ParentJoinModulePlugin"),
    "aggs-matrix-stats": Module("org.opensearch.search.aggregations.matrix.MatrixAggregationModulePlugin"),
    "reindex": Module("org.opensearch.index.reindex.ReindexModulePlugin"),
}


def descriptor(name: str, module: Module) -> str:
    """Return the `plugin-descriptor.properties` of a module."""
    return (
        f"name={name}\ndescription={name}\nversion={VERSION}\nopensearch.version={VERSION}\njava.version=21\n"
        f"classname={module.class_name}\nextended.plugins={module.extends}\nhas.native.controller=false\n"
    )
