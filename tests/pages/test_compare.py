from saved import save_model, start_model


def test_two_models(open_page, said, faces):
    """Both stand in the table, and the sentence says which is better."""
    save_model("good", faces, seed=0, skill=3)
    save_model("poor", faces, seed=1, skill=0.2)
    app = open_page("compare", models=["poor", "good"])
    assert app.dataframe[0].value.index.tolist() == ["poor", "good"]
    assert "good is better than poor by" in said(app)


def test_models_that_do_not_compare(open_page, said, faces):
    """Other classes are told, and each still has its matrix."""
    save_model("six", faces)
    save_model("seven", faces, scheme="all")
    assert "tell different classes apart" in said(open_page("compare", models=["six", "seven"]))


def test_one_model_is_not_enough(open_page, said, faces):
    """It asks for a second."""
    save_model("only", faces)
    start_model("half-way", faces)
    assert "Choose two models or more" in said(open_page("compare"))
