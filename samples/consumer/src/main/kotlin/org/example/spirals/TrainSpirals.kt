package org.example.spirals

import dev.weft.backend.Backends
import dev.weft.graph.Graph
import dev.weft.layer.Layers.linear
import dev.weft.layer.Layers.relu
import dev.weft.loss.Loss
import dev.weft.optim.Adam
import dev.weft.train.Callback
import dev.weft.train.EpochResult
import dev.weft.train.Model
import dev.weft.train.Trainer

/** The same from Kotlin, until 99 % of the test points are classified right. */
fun main() {
    val train = Spirals.points(600, 1)
    val test = Spirals.points(200, 2)
    val network = Graph.sequential(Spirals.POINT, linear(32), relu(), linear(32), relu(), linear(2))

    Backends.best().use { backend ->
        Model.create(network, backend, 42).use { model ->
            val trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(1e-2))
            val history = trainer
                .batch(32)
                .epochs(500)
                .validation(test)
                .callback(object : Callback {
                    override fun epochDone(epoch: EpochResult) {
                        if (epoch.test().accuracy() >= 0.99) trainer.stop()
                    }
                })
                .fit(train)
            println("kotlin: stopped after ${history.epochs().size} of 500 epochs")
            println("kotlin: accuracy ${model.evaluate(test).accuracy()}")

            val right = (0 until test.size()).count { i ->
                val p = model.predictProbabilities(test.image(i))
                p.indices.maxBy { p[it] } == test.label(i)
            }
            println("kotlin: $right of ${test.size()} points predicted right")
        }
    }
}
