package dev.weft.cpu;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CpuArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.weft.cpu");

    /** The operators whose results IEEE 754 fixes; EXP and the like gave other bits once they were compiled. */
    private static final Set<String> EXACT_OPERATORS = Set.of("GT", "LT", "LE", "EQ", "NE", "ASHR", "LSHL");

    @Test
    void backendsDoNotSeeEachOther() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.weft.cuda..", "jcuda..")
                .check(CLASSES);
    }

    @Test
    void theVectorApiIsUsedInTheVectorClassesOnly() {
        noClasses()
                .that()
                .haveSimpleNameNotStartingWith("Vector")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(CLASSES);
    }

    @Test
    void noVectorOperationIsUsedWhoseBitsDependOnTheCompiler() {
        noClasses()
                .should()
                .accessTargetWhere(new DescribedPredicate<JavaAccess<?>>("the order or result is not fixed") {
                    @Override
                    public boolean test(JavaAccess<?> access) {
                        String owner = access.getTargetOwner().getName();
                        String name = access.getTarget().getName();
                        boolean reduction = owner.startsWith("jdk.incubator.vector.") && name.equals("reduceLanes");
                        boolean operator =
                                owner.equals("jdk.incubator.vector.VectorOperators") && !EXACT_OPERATORS.contains(name);
                        return reduction || operator;
                    }
                })
                .check(CLASSES);
    }

    @Test
    void mathWhoseBitsDependOnTheCompilerIsUsedInTheReferenceAlone() {
        noClasses()
                .that()
                .resideInAPackage("dev.weft.cpu")
                .should()
                .accessTargetWhere(new DescribedPredicate<JavaAccess<?>>("a function that StrictMath has, too") {
                    @Override
                    public boolean test(JavaAccess<?> access) {
                        return access.getTargetOwner().getName().equals("java.lang.Math")
                                && Set.of("exp", "log", "tanh", "sin", "cos", "pow")
                                        .contains(access.getTarget().getName());
                    }
                })
                .check(CLASSES);
    }
}
