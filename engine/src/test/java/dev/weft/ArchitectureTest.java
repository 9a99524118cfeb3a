package dev.weft;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.targetOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

/** The engine stands alone: no native code, no backend, no printing. */
class ArchitectureTest {
    private static final JavaClasses ENGINE = new ClassFileImporter()
            .importUrl(WeftException.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void theEngineDependsOnTheJdkSlf4jAndJacksonCoreAlone() {
        classes()
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                                "dev.weft..", "java..", "org.slf4j..", "com.fasterxml.jackson.core..")
                        .and(not(resideInAnyPackage("dev.weft.cpu..", "dev.weft.cuda..", "dev.weft.samples.."))))
                .check(ENGINE);
    }

    @Test
    void theEngineDoesNotPrint() {
        noClasses().should().accessField(System.class, "out").check(ENGINE);
        noClasses()
                .that()
                .areNotAssignableTo(Warnings.class)
                .should()
                .accessField(System.class, "err")
                .check(ENGINE);
        noClasses().should().callMethodWhere(target(name("printStackTrace"))).check(ENGINE);
    }

    /** What SLF4J drops where it has no provider. */
    @Test
    void everyWarningReachesTheUser() {
        noClasses()
                .that()
                .areNotAssignableTo(Warnings.class)
                .should()
                .callMethodWhere(target(nameMatching("warn|error")).and(targetOwner(assignableTo(Logger.class))))
                .check(ENGINE);
    }

    /** Op lists know nothing of networks, networks nothing of training. */
    @Test
    void packagesDependInOneDirection() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.weft.tensor..", "dev.weft.op..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.weft.layer..",
                        "dev.weft.graph..",
                        "dev.weft.program..",
                        "dev.weft.backend..",
                        "dev.weft.data..",
                        "dev.weft.train..",
                        "dev.weft.check..")
                .check(ENGINE);
        noClasses()
                .that()
                .resideInAnyPackage("dev.weft.layer..", "dev.weft.graph..", "dev.weft.loss..", "dev.weft.optim..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.weft.program..", "dev.weft.train..", "dev.weft.check..")
                .check(ENGINE);
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.weft.check..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.weft.check..")
                .check(ENGINE);
    }
}
